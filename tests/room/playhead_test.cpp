#include "room/playhead.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace playhead;
using namespace std::chrono_literals;

namespace {
constexpr TickLength length;
const Playhead moving{
    .media = MediaInstance{1}, .anchor_position = 10s, .anchor_tick = Tick{100}, .rate = Rate{1000}, .playing = true};
} // namespace

TEST_CASE("a paused room keeps its position while time passes") {
    Playhead paused = moving;
    paused.playing = false;
    for (const ServerTime time : {ServerTime{0s}, ServerTime{5s}, ServerTime{3600s}}) {
        CHECK(paused.position_at(time, length) == 10s);
    }
}

TEST_CASE("a playing playhead stands at its anchor until its anchor tick") {
    CHECK(moving.position_at(ServerTime{-1s}, length) == 10s);
    CHECK(moving.position_at(Tick{0}, length) == 10s);
    CHECK(moving.position_at(Tick{100}, length) == 10s);
    CHECK(moving.position_at(ServerTime{5s + 1us}, length) == 10s + 1us);
    CHECK(moving.position_at(Tick{120}, length) == 11s);
}

TEST_CASE("a rate multiplies elapsed time and the result is truncated to whole microseconds") {
    struct Row {
        std::int32_t permille;
        Microseconds elapsed;
        Microseconds moved;
    };
    for (const Row& row : {Row{250, 1s, 250ms}, Row{2000, 1s, 2s}, Row{1500, 3us, 4us}, Row{999, 1us, 0us},
                           Row{333, 1000us, 333us}, Row{1001, 24h, 86'486'400'000us}}) {
        CAPTURE(row.permille);
        Playhead playhead = moving;
        playhead.rate = Rate{row.permille};
        CHECK(playhead.position_at(ServerTime{5s + row.elapsed}, length) == 10s + row.moved);
    }
}

TEST_CASE("no time overflows a position") {
    Playhead fast = moving;
    fast.rate = Rate{Rate::permille_max};
    fast.anchor_position = time_max;
    const MediaTime far = fast.position_at(ServerTime{Microseconds{std::numeric_limits<std::int64_t>::max()}}, length);
    CHECK(far == time_max + 2 * time_max);
    CHECK(fast.position_at(ServerTime{Microseconds{std::numeric_limits<std::int64_t>::min()}}, length) == time_max);
    fast.anchor_tick = Tick{std::numeric_limits<std::uint32_t>::max()};
    CHECK(fast.position_at(fast.anchor_tick, length) == time_max);
}

TEST_CASE("the pending playhead takes over at its anchor tick") {
    Motion motion{.current = moving, .pending = moving};
    motion.current.playing = false;
    motion.pending->anchor_tick = Tick{103};
    CHECK(motion.intent() == *motion.pending);
    CHECK(motion.at(Tick{102}) == motion.current);
    CHECK(motion.at(Tick{103}) == *motion.pending);
    motion.pending.reset();
    CHECK(motion.intent() == motion.current);
    CHECK(motion.at(Tick{103}) == motion.current);
}
