#include "parts.hpp"
#include "replication/decode.hpp"
#include "replication/encode.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>

namespace playhead::bench {
namespace {

constexpr int crowd = 10'000;
constexpr int storm_ticks = 200; // ten seconds
constexpr int joins_a_tick = crowd / storm_ticks;

// With the admission that ships.
SessionSettings storm_settings() {
    const SessionSettings standard;
    SessionSettings settings = bench_settings();
    settings.joins_per_s = standard.joins_per_s;
    settings.join_burst = standard.join_burst;
    return settings;
}

double ms(std::int64_t ns) { return static_cast<double>(ns) / 1e6; }

void add_ticks(Results& results, const std::string& key, std::vector<double> tick_ms) {
    std::ranges::sort(tick_ms);
    results.add(key + "_p50", tick_ms[tick_ms.size() / 2]);
    results.add(key + "_p99", tick_ms[tick_ms.size() * 99 / 100]);
    results.add(key + "_max", tick_ms.back());
}

void fan_out(Stage& stage) {
    while (stage.shard.fan_out_slice()) {
    }
}

[[noreturn]] void stop(const char* why) {
    std::fprintf(stderr, "this measures nothing: %s\n", why);
    std::exit(1);
}

// The resume token in the welcome that a newcomer was sent; what it was sent beside it is dropped.
std::string resume_token(LoopbackPeer& peer) {
    std::string token;
    for (const Frame& frame : peer.receive()) {
        if (!token.empty()) continue;
        const auto message = decode_server(frame.payload());
        if (const auto* welcome = message ? std::get_if<Welcome>(&*message) : nullptr) token = welcome->resume_token;
    }
    if (token.empty()) stop("somebody was not welcomed");
    return token;
}

Report first_report() {
    Report report;
    report.media = MediaInstance{1};
    report.duration = std::chrono::hours{2};
    return report;
}

// Processor time of the ticks of ten seconds and of their fan-out; how long each tick took alone.
struct TenSeconds {
    std::int64_t ns = 0;
    std::vector<double> tick_ms;
};

// What comes with a tick is said before it, by `arrive`; `read` takes what was sent, and does not count.
template <class Arrive, class Read>
TenSeconds ten_seconds(Stage& stage, Arrive arrive, Read read) {
    TenSeconds spent;
    for (int tick = 0; tick < storm_ticks; ++tick) {
        const std::int64_t start = thread_ns();
        arrive(tick);
        spent.tick_ms.push_back(ms(stage.tick_alone_ns()));
        fan_out(stage);
        spent.ns += thread_ns() - start;
        read();
    }
    return spent;
}

} // namespace

void joins(Results& results) {
    // The same ticks without joins: as many viewers as there are on average, and one change in each, as a join is one.
    TenSeconds calm;
    {
        Stage stage;
        const CreatedRoom room = stage.create_room("calm");
        for (int i = 0; i < crowd / 2; ++i) stage.join(room, "Viewer");
        stage.ticks(1);
        for (const auto& peer : stage.peers) stage.say(*peer, first_report());
        stage.ticks(20);
        stage.read_all();
        const auto seek = [&](int tick) {
            ClientCommand command;
            command.sequence = static_cast<std::uint32_t>(tick + 1);
            command.media = MediaInstance{1};
            command.issued_at = stage.clock.time;
            command.action = Seek{MediaTime{std::int64_t{tick} * 1000}};
            stage.say(*stage.peers[0], command);
        };
        calm = ten_seconds(stage, seek, [&] { stage.read_all(); });
    }

    Stage stage{storm_settings()};
    const CreatedRoom room = stage.create_room("storm");
    stage.ticks(1);
    std::vector<std::string> tokens;
    const TenSeconds storm = ten_seconds(
        stage,
        [&](int) {
            // Whoever has come with the tick before says how long its player finds the media.
            for (std::size_t i = 0; i < joins_a_tick && i < stage.peers.size(); ++i)
                stage.say(**(stage.peers.end() - 1 - static_cast<std::ptrdiff_t>(i)), first_report());
            for (int i = 0; i < joins_a_tick; ++i) stage.join(room, "Viewer");
        },
        [&] {
            while (tokens.size() < stage.peers.size()) tokens.push_back(resume_token(*stage.peers[tokens.size()]));
            stage.read_all();
        });
    const Metrics& metrics = stage.shard.metrics();
    results.add("join_us", static_cast<double>(storm.ns - calm.ns) / 1e3 / crowd);
    add_ticks(results, "join_tick_ms", storm.tick_ms);
    add_ticks(results, "join_baseline_tick_ms", calm.tick_ms);
    results.add("join_waited", static_cast<double>(metrics.hello_wait.count()));
    results.add("join_snapshots_encoded", static_cast<double>(metrics.snapshots_encoded_total));

    // All are cut off at once, and come back at once half a second later.
    const Version version = stage.shard.state(room.id)->version;
    const Epoch epoch = stage.shard.state(room.id)->epoch;
    for (const auto& peer : stage.peers) peer->vanish();
    results.add("lost_tick_ms", ms(stage.tick_alone_ns()));
    fan_out(stage);
    stage.ticks(10);
    const std::uint64_t snapshots_before = metrics.snapshots_encoded_total;
    const std::uint64_t deltas_before = metrics.deltas_encoded_total;
    std::vector<std::unique_ptr<LoopbackPeer>> back;
    const std::int64_t start = thread_ns();
    std::int64_t read_ns = 0;
    for (const std::string& token : tokens) {
        auto pair = make_loopback();
        stage.shard.attach(room.id, std::move(pair.engine));
        Hello hello;
        hello.protocol_min = hello.protocol_max = 1;
        hello.room = room.id.text();
        hello.resume_token = token;
        hello.have_epoch = epoch;
        hello.have_version = version;
        stage.say(*pair.peer, hello);
        back.push_back(std::move(pair.peer));
    }
    std::vector<double> tick_ms;
    while (metrics.sessions_resumed_total < static_cast<std::uint64_t>(crowd) && tick_ms.size() < 400) {
        tick_ms.push_back(ms(stage.tick_alone_ns()));
        fan_out(stage);
        const std::int64_t reading = thread_ns();
        for (const auto& peer : back) peer->receive();
        read_ns += thread_ns() - reading;
    }
    if (metrics.sessions_resumed_total != static_cast<std::uint64_t>(crowd)) stop("not all came back");
    results.add("reconnect_us", static_cast<double>(thread_ns() - start - read_ns) / 1e3 / crowd);
    results.add("reconnect_s", static_cast<double>(tick_ms.size()) * 0.05);
    add_ticks(results, "reconnect_tick_ms", tick_ms);
    results.add("reconnect_snapshots_encoded", static_cast<double>(metrics.snapshots_encoded_total - snapshots_before));
    results.add("reconnect_deltas_encoded", static_cast<double>(metrics.deltas_encoded_total - deltas_before));
    results.add("reconnect_turned_away", static_cast<double>(metrics.hellos_turned_away_total));

    // Five hundred newcomers in one tick of that room.
    stage.peers = std::move(back);
    std::vector<double> burst_ms;
    for (int round = 0; round < 10; ++round) {
        stage.ticks(20);
        stage.read_all();
        for (int i = 0; i < 500; ++i) stage.join(room, "Late");
        burst_ms.push_back(ms(stage.tick_alone_ns()));
        fan_out(stage);
        stage.read_all();
    }
    add_ticks(results, "join_500_tick_ms", burst_ms);
}

} // namespace playhead::bench
