#pragma once

#include "plugin/plugin_set.hpp"
#include "replication/decode.hpp"
#include "replication/encode.hpp"
#include "replication/messages.hpp"
#include "replication/replica.hpp"
#include "session/shard.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

// A stage for stories about sessions: a shard on a clock that the test moves, and peers that say and hear plain
// messages.
namespace playhead::testing {

class FakeClock final : public Clock {
  public:
    ServerTime now() const override {
        time += per_look; // a clock that moves when it is looked at makes work take time
        return time;
    }
    std::int64_t unix_us() const override { return wall_start_us + time.time_since_epoch().count(); }
    mutable ServerTime time{};
    Microseconds per_look{0};
    std::int64_t wall_start_us = 1'800'000'000'000'000;
};

// splitmix64: the same numbers from the same seed everywhere.
class SeededRandom final : public RandomSource {
  public:
    explicit SeededRandom(std::uint64_t seed = 1) : state_(seed) {}
    void fill(std::span<std::byte> bytes) override;
    std::uint64_t next();

  private:
    std::uint64_t state_;
};

// What the two ends of a test connection share.
struct Line {
    ConnectionEvents* events = nullptr;
    bool engine_there = true;
    bool closed = false; // on_closed() was called
    bool closing = false;
    ErrorCode close_code = ErrorCode::none;
    bool blocked = false; // send() takes one more call and then returns false
    bool full = false;
    std::size_t lossy_bytes_max = 0; // it may lose frames up to this
    std::size_t waiting = 0;
    std::size_t sends = 0;
    std::size_t bytes = 0;
    std::vector<std::vector<Frame>> frames;  // one entry per send()
    std::size_t relay = 0;                   // who writes
    std::optional<seal::ConnectGrant> grant; // what the transport has proven
};

// The far end of a connection to the engine.
class Peer {
  public:
    explicit Peer(std::shared_ptr<Line> line) : line_(std::move(line)) {}

    void say(const ClientMessage& message);
    void say_bytes(ByteView bytes);
    // Everything sent since the last call, decoded, in order.
    std::vector<ServerMessage> hear();
    // The newest message of a kind that was heard since the last hear(); those before it and others are taken as well.
    template <class Message>
    std::optional<Message> hear_one() {
        std::optional<Message> found;
        for (ServerMessage& message : hear())
            if (auto* wanted = std::get_if<Message>(&message)) found = std::move(*wanted);
        return found;
    }
    // The connection goes, without a word.
    void vanish();
    // Stops reading; what the engine sends now stays with its connection.
    void block() { line_->blocked = true; }
    void unblock();
    bool closed() const { return line_->closing || line_->closed; }
    Line& line() { return *line_; }

  private:
    std::shared_ptr<Line> line_;
};

struct Stage {
    explicit Stage(const SessionSettings& wanted = {}, std::shared_ptr<const PluginSet> plugins = nullptr,
                   const EngineRun& engine_run = {77, {}});
    explicit Stage(std::shared_ptr<const PluginSet> plugins) : Stage(SessionSettings{}, std::move(plugins)) {}
    explicit Stage(const EngineRun& engine_run) : Stage(SessionSettings{}, nullptr, engine_run) {}

    Peer connect(const RoomId& room, const std::string& address = "test");
    Peer connect() { return connect(room.id); }
    // Connects, says hello with the link's token and runs the tick that welcomes.
    Peer join(const std::string& name = "Ann");
    Hello hello(const std::string& name = "Ann") const;
    // Runs the next tick, and all fan-out it begets.
    void tick(int ticks = 1);
    void pass(Microseconds time); // tick by tick
    // Delivers what closing connections have to say.
    void settle();
    const RoomState& state() const { return *shard.state(room.id); }
    std::size_t connections_alive() const;

    FakeClock clock;
    SeededRandom random;
    SessionSettings settings;
    std::size_t lossy_bytes_max = 0; // of the connections that are made from now on
    EngineRun run;
    Shard shard;
    CreatedRoom room;
    std::vector<std::shared_ptr<Line>> lines;
};

// A plugin as its author writes it: `manifest` is what plugin.lua returns beside name, version and api.
struct PluginText {
    std::string name;
    std::string manifest;
    std::string code;
    std::string version = "1.0.0";
};
std::shared_ptr<const PluginSet> plugins(const std::vector<PluginText>& texts);
// The arguments of a plugin's command, or any other map.
Value map(Value::Map entries);
ClientCommand plugin_command(std::uint32_t sequence, std::string plugin, std::string name, Value args = map({}));

RoomId room_id(std::string_view text);
ClientCommand command(std::uint32_t sequence, Action action, MediaInstance media, ServerTime issued);
Load some_media();

} // namespace playhead::testing
