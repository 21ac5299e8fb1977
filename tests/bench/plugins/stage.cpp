#include "stage.hpp"

#include "app/config.hpp"
#include "measure.hpp"
#include "replication/encode.hpp"

#include <cstdio>
#include <cstdlib>

namespace playhead::bench {

std::shared_ptr<const PluginSet> plugins_of(const std::vector<PluginRequest>& requests) {
    auto set = load_plugins(requests);
    if (set) return *std::move(set);
    for (const std::string& problem : set.error()) std::fprintf(stderr, "%s\n", problem.c_str());
    std::exit(1);
}

std::shared_ptr<const PluginSet> preset(const std::string& script) { return load_config("scripts/" + script).plugins; }

std::shared_ptr<const PluginSet> preset_with(const std::string& script, const PluginText& more) {
    std::vector<PluginRequest> requests{request_of(more)};
    const auto set = preset(script);
    for (const Plugin& plugin : set->plugins()) requests.push_back({plugin.source, plugin.settings, {}});
    return plugins_of(requests);
}

PluginRequest request_of(const PluginText& text) {
    PluginRequest request;
    request.source.name = text.name;
    request.source.manifest =
        "return { name = \"" + text.name + "\", version = \"1.0.0\", api = 1,\n" + text.manifest + "\n}";
    request.source.code = "local P = ...\n" + text.code;
    request.source.manifest_path = text.name + "/plugin.lua";
    request.source.code_path = text.name + "/init.lua";
    return request;
}

SessionSettings bench_settings() {
    SessionSettings settings;
    settings.joins_per_s = settings.join_burst = 1'000'000; // the stage is filled at once
    settings.commands_per_s = 1000;                         // one a tick may be the point
    settings.command_burst = 1000;
    settings.rooms_max = 20'000;
    settings.silence_timeout = std::chrono::hours{24}; // some viewers only listen
    settings.empty_room_expiry = std::chrono::hours{24};
    return settings;
}

void Viewer::ask(Action action, ServerTime now, MediaInstance media) {
    ClientCommand command;
    command.sequence = ++sequence;
    command.media = media;
    command.issued_at = now;
    command.action = std::move(action);
    peer->send(encode(ClientMessage{std::move(command)}));
}

std::size_t Viewer::read() {
    std::size_t bytes = 0;
    for (const Frame& frame : peer->receive()) bytes += frame.wire().size();
    return bytes;
}

CreatedRoom make_room(Shard& shard, const std::string& id, std::shared_ptr<const PluginSet> plugins, bool plays) {
    RoomRequest request;
    request.id = RoomId::parse(id).value();
    request.title = "Bench";
    request.plugins = std::move(plugins);
    request.media = Load{};
    request.media->url = "/media/demo.mp4";
    request.media->title = "Demo";
    request.media->play = plays;
    return shard.create(request).value();
}

Hello hello_of(const CreatedRoom& room, const std::string& name) {
    Hello hello;
    hello.protocol_min = hello.protocol_max = 1;
    hello.room = room.id.text();
    hello.join_token = room.join_token;
    hello.name = name;
    return hello;
}

Viewer join(Shard& shard, const CreatedRoom& room, const std::string& name) {
    auto pair = make_loopback();
    shard.attach(room.id, std::move(pair.engine));
    pair.peer->send(encode(ClientMessage{hello_of(room, name)}));
    return {std::move(pair.peer), 0};
}

PluginCommand say(const std::string& text) { return {"chat", "say", Value{Value::Map{{"text", Value{text}}}}}; }

std::int64_t Stage::tick_ns() {
    clock.jump_to(next_);
    const std::int64_t start = thread_ns();
    next_ = shard.run_due();
    while (shard.fan_out_slice()) {
    }
    return thread_ns() - start;
}

void Stage::ticks(int count) {
    for (int i = 0; i < count; ++i) tick_ns();
}

void Stage::read_all() {
    for (Viewer& viewer : viewers) viewer.read();
}

} // namespace playhead::bench
