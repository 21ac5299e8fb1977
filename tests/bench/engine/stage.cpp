#include "stage.hpp"

#include "replication/decode.hpp"
#include "replication/encode.hpp"

#include <algorithm>
#include <ctime>

namespace playhead::bench {
namespace {

std::int64_t read_clock(clockid_t id) {
    timespec now{};
    clock_gettime(id, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

} // namespace

SessionSettings bench_settings() {
    SessionSettings settings;
    settings.joins_per_s = settings.join_burst = 1'000'000; // the stage is filled at once
    settings.commands_per_s = 1000;                         // one command a tick is the point here
    settings.command_burst = 1000;
    settings.rooms_max = 20'000;
    settings.silence_timeout = std::chrono::hours{24}; // viewers only listen
    settings.empty_room_expiry = std::chrono::hours{24};
    return settings;
}

Stage::Stage(const SessionSettings& wanted)
    : settings(wanted),
      shard(settings, TickLength{}, EngineRun{1, {}}, clock, random) {}

CreatedRoom Stage::create_room(const std::string& id) {
    RoomRequest request;
    request.id = RoomId::parse(id).value();
    request.title = "Bench";
    request.media = Load{};
    request.media->url = "/media/demo.mp4";
    request.media->title = "Demo";
    request.media->play = true;
    return shard.create(request).value();
}

LoopbackPeer& Stage::join(const CreatedRoom& room, const std::string& name) {
    auto pair = make_loopback();
    shard.attach(room.id, std::move(pair.engine));
    Hello hello;
    hello.protocol_min = hello.protocol_max = 1;
    hello.room = room.id.text();
    hello.join_token = room.join_token;
    hello.name = name;
    say(*pair.peer, hello);
    peers.push_back(std::move(pair.peer));
    return *peers.back();
}

void Stage::say(LoopbackPeer& peer, const ClientMessage& message) { peer.send(encode(message)); }

std::int64_t Stage::tick_ns() {
    const std::int64_t alone = tick_alone_ns();
    const std::int64_t start = now_ns();
    while (shard.fan_out_slice()) {
    }
    return alone + (now_ns() - start);
}

std::int64_t Stage::tick_alone_ns() {
    clock.time = std::max(clock.time, shard.run_due());
    const std::int64_t start = now_ns();
    shard.run_due();
    return now_ns() - start;
}

void Stage::ticks(int count) {
    for (int i = 0; i < count; ++i) tick_ns();
}

std::size_t Stage::read_all() {
    std::size_t bytes = 0;
    for (const auto& peer : peers)
        for (const Frame& frame : peer->receive()) bytes += frame.wire().size();
    return bytes;
}

Figures figures_of(std::vector<double> samples) {
    std::ranges::sort(samples);
    const auto at = [&](double q) {
        return samples[static_cast<std::size_t>(q * static_cast<double>(samples.size() - 1))];
    };
    return {at(0.5), at(0.1), at(0.9)};
}

std::int64_t now_ns() { return read_clock(CLOCK_MONOTONIC); }
std::int64_t thread_ns() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

} // namespace playhead::bench
