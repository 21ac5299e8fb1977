// What the engine itself costs, without sockets: the shard as shipped, viewers on loopback connections. Prints a table,
// and as its last line one flat JSON object: medians, with the 10th and 90th percentile as _p10 and _p90.
#include "parts.hpp"
#include "replication/decode.hpp"
#include "replication/encode.hpp"
#include "session/places.hpp"
#include "session/session.hpp"
#include "stage.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <malloc.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace playhead;
using namespace playhead::bench;

namespace {

constexpr int rooms_cold = 10'000;
constexpr int ticks_per_s = 20;

ClientCommand seek(std::uint32_t sequence, ServerTime now) {
    ClientCommand command;
    command.sequence = sequence;
    command.media = MediaInstance{1};
    command.issued_at = now;
    command.action = Seek{MediaTime{std::int64_t{sequence} * 1000}};
    return command;
}

// The newest frame of one kind that a peer was sent.
template <class Message>
Frame newest(LoopbackPeer& peer) {
    Frame found;
    for (const Frame& frame : peer.receive())
        if (const auto message = decode_server(frame.payload()); message && std::holds_alternative<Message>(*message))
            found = frame;
    return found;
}

void sizes(Results& results) {
    Stage stage;
    const CreatedRoom room = stage.create_room("sizes");
    for (int i = 1; i <= 10; ++i) stage.join(room, "Viewer " + std::to_string(i));
    stage.ticks(100); // it plays
    stage.say(*stage.peers[0], Resync{});
    stage.ticks(1);
    results.add("snapshot_bytes_10_viewers", static_cast<double>(newest<Snapshot>(*stage.peers[0]).wire().size()));
    stage.read_all();
    ClientCommand pause = seek(1, stage.clock.time);
    pause.action = Pause{};
    stage.say(*stage.peers[0], pause);
    stage.ticks(1);
    results.add("delta_bytes_pause", static_cast<double>(newest<Delta>(*stage.peers[1]).wire().size()));
}

// A playing room in which nobody does anything, with and without the reports that players send.
void silence(Results& results) {
    constexpr int viewers = 4;
    constexpr int measured_s = 60;
    for (const bool reporting : {true, false}) {
        Stage stage;
        const CreatedRoom room = stage.create_room("silence");
        for (int i = 0; i < viewers; ++i) stage.join(room, "Viewer");
        stage.ticks(3 * ticks_per_s);
        stage.read_all();
        std::size_t bytes = 0;
        for (int second = 0; second < measured_s; ++second) {
            Report report;
            report.media = MediaInstance{1};
            report.drift = Microseconds{second * 100 - 3000};
            report.delay = Microseconds{20'000};
            report.buffer_ms = 30'000;
            if (reporting)
                for (const auto& peer : stage.peers) stage.say(*peer, report);
            stage.ticks(ticks_per_s);
            bytes += stage.read_all();
        }
        const double per_viewer = static_cast<double>(bytes) / viewers / measured_s;
        results.add(reporting ? "idle_bytes_per_viewer_s" : "idle_bytes_per_viewer_s_without_reports", per_viewer);
    }
}

// Ten thousand playing rooms and nothing to do: nobody there; or two viewers in each, who get a beacon a second.
void cold_rooms(Results& results) {
    for (const bool watched : {false, true}) {
        Stage stage;
        for (int i = 0; i < rooms_cold; ++i) {
            const CreatedRoom room = stage.create_room("room" + std::to_string(i));
            if (!watched) continue;
            stage.join(room, "Ann");
            stage.join(room, "Bob");
        }
        stage.ticks(3 * ticks_per_s);
        stage.read_all();
        std::vector<double> samples;
        for (int second = 0; second < 20; ++second) {
            std::int64_t ns = 0;
            for (int tick = 0; tick < ticks_per_s; ++tick) ns += stage.tick_ns();
            samples.push_back(static_cast<double>(ns) / ticks_per_s / rooms_cold);
            stage.read_all();
        }
        results.add(watched ? "room_tick_ns_idle_2_viewers" : "room_tick_ns_idle", figures_of(samples));
    }
}

// What the allocator has lent out, by its own count.
double heap_bytes() {
    const auto info = ::mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd);
}

// What a viewer who does nothing keeps on the heap of all that is not its transport's: session, outbox, place, roster.
// Both ends of its loopback connection are measured apart.
void memory(Results& results) {
    constexpr int first = 1000;
    constexpr int last = 19'000;
    std::vector<LoopbackPair> pairs;
    pairs.reserve(last);
    const double empty = heap_bytes();
    for (int i = 0; i < last; ++i) pairs.push_back(make_loopback());
    const double pair_bytes = (heap_bytes() - empty) / last;
    pairs = std::vector<LoopbackPair>{};

    Stage stage;
    const CreatedRoom room = stage.create_room("memory");
    double before = 0;
    for (int i = 0; i < last; ++i) {
        stage.join(room, "Viewer " + std::to_string(i));
        if (i % 100 == 99) stage.ticks(1);
        if (i % 100 == 99) stage.read_all();
        if (i + 1 == first) before = heap_bytes();
    }
    stage.ticks(2 * ticks_per_s);
    stage.read_all();
    results.add("loopback_heap_bytes_per_viewer", (heap_bytes() - before) / (last - first));
    results.add("loopback_pair_heap_bytes", pair_bytes);
    for (const auto& [name, bytes] : {std::pair{"session", sizeof(Session)},
                                      {"protocol", sizeof(Protocol)},
                                      {"outbox", sizeof(Outbox)},
                                      {"figures", sizeof(ViewerFigures)},
                                      {"place", sizeof(Place)},
                                      {"row", sizeof(ViewerRow)},
                                      {"member", sizeof(Member)}})
        results.add(std::string(name) + "_bytes", static_cast<double>(bytes));
}

// One change a tick, told to everyone.
void change(Results& results, int viewers) {
    Stage stage;
    const CreatedRoom room = stage.create_room("change");
    for (int i = 0; i < viewers; ++i) stage.join(room, "Viewer " + std::to_string(i));
    stage.ticks(2 * ticks_per_s);
    stage.read_all();
    std::vector<double> samples;
    const int rounds = viewers >= 1000 ? 300 : 2000;
    for (int round = 1; round <= rounds; ++round) {
        stage.say(*stage.peers[0], seek(static_cast<std::uint32_t>(round), stage.clock.time));
        samples.push_back(static_cast<double>(stage.tick_ns()));
        stage.read_all();
    }
    results.add("room_tick_ns_change_" + std::to_string(viewers), figures_of(samples));
}

// What the same frames cost without an engine around them: handed to a thousand loopback connections as they are (the
// floor), and encoded for each viewer anew (what one does who does not share).
void baselines(Results& results) {
    constexpr int viewers = 1000;
    struct Listener final : ConnectionEvents {
        void on_message(ByteView) override {}
        void on_drained() override {}
        void on_closed(const Error&) override {}
    } listener;
    std::vector<LoopbackPair> pairs;
    for (int i = 0; i < viewers; ++i) {
        pairs.push_back(make_loopback());
        pairs.back().engine->start(listener);
    }
    Delta delta;
    delta.fields.motion = Motion{};
    const auto measure = [&](auto frames_for) {
        std::vector<double> samples;
        for (int round = 0; round < 300; ++round) {
            delta.version.value = static_cast<std::uint32_t>(round + 2);
            const std::int64_t start = now_ns();
            for (const LoopbackPair& pair : pairs) {
                const std::vector<Frame>& frames = frames_for(round);
                pair.engine->send(frames);
            }
            samples.push_back(static_cast<double>(now_ns() - start));
            for (const LoopbackPair& pair : pairs) pair.peer->receive();
        }
        return figures_of(samples);
    };
    std::vector<Frame> frames;
    int encoded_round = -1;
    const Event event{EventKind::sought, ViewerId{1}, Tick{1}, MediaTime{1}};
    results.add("baseline_bare_send_ns_1000", measure([&](int round) -> const std::vector<Frame>& {
                    if (std::exchange(encoded_round, round) != round) frames = {encode(delta), encode(event)};
                    return frames;
                }));
    results.add("baseline_encode_each_ns_1000", measure([&](int) -> const std::vector<Frame>& {
                    frames = {encode(delta), encode(event)};
                    return frames;
                }));
    const double ours = results["room_tick_ns_change_1000"];
    results.add("change_1000_to_bare_send_ratio", ours / results["baseline_bare_send_ns_1000"]);
    results.add("encode_each_to_change_1000_ratio", results["baseline_encode_each_ns_1000"] / ours);
}

void changes(Results& results) {
    for (const int viewers : {1, 10, 1000}) change(results, viewers);
    baselines(results);
}

struct Part {
    std::string_view name;
    void (*work)(Results&);
};
constexpr Part parts[] = {{"sizes", sizes},   {"silence", silence}, {"cold", cold_rooms},
                          {"memory", memory}, {"change", changes},  {"joins", joins}};

} // namespace

int main(int count, char** arguments) {
    const std::string_view only = count == 3 && std::string_view{arguments[1]} == "--only" ? arguments[2] : "";
    const bool known = std::ranges::find(parts, only, &Part::name) != std::end(parts);
    if (count != 1 && !known) {
        std::fprintf(stderr, "usage: tests/bench/run engine [--only PART]; parts:");
        for (const Part& part : parts) std::fprintf(stderr, " %s", std::string{part.name}.c_str());
        std::fprintf(stderr, "\n");
        return 2;
    }
    spdlog::set_level(spdlog::level::warn);
    Results results;
    for (const Part& part : parts)
        if (only.empty() || part.name == only) part.work(results);
    results.print();
}
