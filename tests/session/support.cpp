#include "session/support.hpp"

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>

namespace playhead::testing {
namespace {

// Tests provoke refusals by the thousand.
const bool quiet = [] {
    spdlog::set_level(spdlog::level::off);
    return true;
}();

class TestConnection final : public Connection {
  public:
    TestConnection(std::shared_ptr<Line> line, std::string name) : line_(std::move(line)), name_(std::move(name)) {}
    ~TestConnection() override {
        line_->engine_there = false;
        line_->events = nullptr;
    }

    void start(ConnectionEvents& events) override { line_->events = &events; }
    bool send(std::span<const Frame> frames) override {
        REQUIRE_MESSAGE(!line_->full, "send() before on_drained()");
        if (line_->closing || line_->closed) return true;
        ++line_->sends;
        line_->frames.emplace_back(frames.begin(), frames.end());
        for (const Frame& frame : frames) {
            line_->bytes += frame.wire().size();
            if (line_->blocked) line_->waiting += frame.wire().size();
        }
        line_->full = line_->blocked;
        return !line_->full;
    }
    std::size_t lossy_bytes_max() const override { return line_->lossy_bytes_max; }
    std::size_t bytes_waiting() const override { return line_->waiting; }
    void close(ErrorCode code, std::string_view) override {
        line_->closing = true;
        line_->close_code = code;
    }
    const seal::ConnectGrant* grant() const override { return line_->grant ? &*line_->grant : nullptr; }
    std::size_t relay() const override { return line_->relay; }
    const std::string& peer() const override { return name_; }

  private:
    std::shared_ptr<Line> line_;
    std::string name_;
};

} // namespace

std::uint64_t SeededRandom::next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

void SeededRandom::fill(std::span<std::byte> bytes) {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(next() & 0xff);
}

void Peer::say(const ClientMessage& message) { say_bytes(encode(message)); }

void Peer::say_bytes(ByteView bytes) {
    if (!closed() && line_->events) line_->events->on_message(bytes);
}

std::vector<ServerMessage> Peer::hear() {
    std::vector<ServerMessage> messages;
    for (const auto& send : std::exchange(line_->frames, {})) {
        for (const Frame& frame : send) {
            auto message = decode_server(frame.payload());
            REQUIRE(message.has_value());
            messages.push_back(*std::move(message));
        }
    }
    return messages;
}

void Peer::vanish() {
    if (std::exchange(line_->closed, true)) return;
    if (line_->events) line_->events->on_closed(Error{ErrorCode::none, {}});
}

void Peer::unblock() {
    line_->blocked = line_->full = false;
    line_->waiting = 0;
    if (!closed() && line_->events) line_->events->on_drained();
}

Stage::Stage(const SessionSettings& wanted, std::shared_ptr<const PluginSet> plugins, const EngineRun& engine_run)
    : settings(wanted),
      run(engine_run),
      shard(settings, TickLength{}, run, clock, random),
      room(shard
               .create({.id = room_id("den"),
                        .title = "Den",
                        .listed = true,
                        .media = some_media(),
                        .plugins = std::move(plugins)})
               .value()) {}

Peer Stage::connect(const RoomId& to, const std::string& address) {
    auto line = std::make_shared<Line>();
    line->lossy_bytes_max = lossy_bytes_max;
    line->relay = shard.writer_of_next(to);
    lines.push_back(line);
    shard.attach(to, std::make_unique<TestConnection>(line, address));
    return Peer{line};
}

Hello Stage::hello(const std::string& name) const {
    Hello hello;
    hello.protocol_min = hello.protocol_max = 1;
    hello.room = room.id.text();
    hello.join_token = room.join_token;
    hello.name = name;
    return hello;
}

Peer Stage::join(const std::string& name) {
    Peer peer = connect();
    peer.say(hello(name));
    tick();
    return peer;
}

void Stage::settle() {
    for (const auto& line : lines) {
        if (line->closing && !std::exchange(line->closed, true) && line->events)
            line->events->on_closed(Error{ErrorCode::none, {}});
    }
    std::erase_if(lines, [](const auto& line) { return !line->engine_there; });
}

void Stage::tick(int ticks) {
    for (int i = 0; i < ticks; ++i) {
        settle();
        clock.time = std::max(clock.time, shard.run_due());
        shard.run_due();
        while (shard.fan_out_slice()) {
        }
    }
}

void Stage::pass(Microseconds time) {
    const ServerTime until = clock.time + time;
    while (clock.time < until) tick();
}

std::size_t Stage::connections_alive() const {
    return static_cast<std::size_t>(std::ranges::count_if(lines, [](const auto& line) { return line->engine_there; }));
}

std::shared_ptr<const PluginSet> plugins(const std::vector<PluginText>& texts) {
    std::vector<PluginRequest> wanted;
    for (const PluginText& text : texts) {
        PluginRequest request;
        request.source.name = text.name;
        request.source.manifest = "return { name = \"" + text.name + "\", version = \"" + text.version +
                                  "\", api = 1,\n" + text.manifest + "\n}";
        request.source.code = "local P = ...\n" + text.code;
        request.source.manifest_path = text.name + "/plugin.lua";
        request.source.code_path = text.name + "/init.lua";
        wanted.push_back(std::move(request));
    }
    auto set = load_plugins(wanted);
    if (!set) {
        for (const std::string& problem : set.error()) MESSAGE(problem);
        FAIL("the test's plugins do not load");
    }
    return *std::move(set);
}

Value map(Value::Map entries) { return sorted_map(std::move(entries)); }

ClientCommand plugin_command(std::uint32_t sequence, std::string plugin, std::string name, Value args) {
    ClientCommand command;
    command.sequence = sequence;
    command.action = PluginCommand{std::move(plugin), std::move(name), std::move(args)};
    return command;
}

RoomId room_id(std::string_view text) { return RoomId::parse(text).value(); }

ClientCommand command(std::uint32_t sequence, Action action, MediaInstance media, ServerTime issued) {
    ClientCommand command;
    command.sequence = sequence;
    command.media = media;
    command.issued_at = issued;
    command.action = std::move(action);
    return command;
}

Load some_media() {
    Load load;
    load.url = "/media/demo.mp4";
    load.title = "Demo";
    return load;
}

} // namespace playhead::testing
