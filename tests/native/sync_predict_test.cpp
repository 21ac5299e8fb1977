#include "lib/sync/lead.hpp"
#include "lib/sync/predict.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace playhead::client::test {
namespace {

using namespace std::chrono_literals;
using sync::Issue;
using sync::RoomMotion;
using sync::RoomPlayhead;

constexpr RoomPlayhead standing{
    .media = MediaInstance{1}, .anchor_position = 20s, .anchor_tick = Tick{100}, .rate = Rate{1000}, .playing = false};
const RoomMotion paused{.current = standing, .pending = {}};

RoomPlayhead moved(RoomPlayhead playhead, MediaTime position, std::uint32_t tick, bool playing) {
    playhead.anchor_position = position;
    playhead.anchor_tick = Tick{tick};
    playhead.playing = playing;
    return playhead;
}
const RoomMotion playing{.current = moved(standing, 20s, 100, true), .pending = {}};

// One second after tick 100.
constexpr Issue issue{.server_ms = 6'010,
                      .position = {},
                      .tick_length = TickLength{},
                      .start_ticks = 4,
                      .seek_ticks = 7,
                      .duration = 60s};

// What is agreed to come, which there must be.
RoomPlayhead pending(const RoomMotion& motion) {
    CHECK(motion.pending);
    return motion.pending.value_or(RoomPlayhead{});
}

TEST_CASE("play is shown to start from where the room stands, a lead ahead, and at the end from the beginning") {
    const RoomMotion starting = predict(paused, Play{}, issue);
    CHECK(starting == RoomMotion{.current = standing, .pending = moved(standing, 20s, 124, true)});
    const RoomMotion at_end{.current = moved(standing, 60s, 100, false), .pending = {}};
    CHECK(pending(predict(at_end, Play{}, issue)).anchor_position == 0s);
}

TEST_CASE("pause is shown at the position that its author saw, within half a second") {
    const auto at = [](std::optional<MediaTime> seen, const RoomMotion& motion) {
        Issue where = issue;
        where.position = seen;
        return predict(motion, Pause{}, where).current.anchor_position;
    };
    CHECK(at(std::nullopt, playing) == 21'010ms);
    CHECK(at(20'900ms, playing) == 20'900ms);
    CHECK(at(0ms, playing) == 20'510ms);
    CHECK(at(59s, playing) == 21'510ms);
    RoomMotion fast = playing;
    fast.current.rate = Rate{2000};
    CHECK(at(0ms, fast) == 20s + 2 * 1'010ms - 1'000ms);
}

TEST_CASE("pause cancels a start that is pending, and stops one whose tick has come") {
    const RoomMotion starting = predict(paused, Play{}, issue);
    CHECK(predict(starting, Pause{}, issue) == RoomMotion{.current = moved(standing, 20s, 120, false), .pending = {}});
    Issue later = issue;
    later.server_ms = 124 * 50 + 1'000;
    CHECK(predict(starting, Pause{}, later).current.anchor_position == 21s);
}

TEST_CASE("seek is shown standing at its target, and starting from there if the room plays") {
    const RoomPlayhead target = moved(standing, 5s, 120, false);
    CHECK(predict(paused, Seek{5s}, issue) == RoomMotion{.current = target, .pending = {}});
    CHECK(predict(playing, Seek{5s}, issue) == RoomMotion{.current = target, .pending = moved(target, 5s, 127, true)});
}

TEST_CASE("seek stays within the media") {
    const auto to = [](MediaTime position, MediaTime duration) {
        Issue within = issue;
        within.duration = duration;
        return predict(paused, Seek{position}, within).current.anchor_position;
    };
    CHECK(to(-1s, 60s) == 0s);
    CHECK(to(90s, 60s) == 60s);
    CHECK(to(90s, 0s) == 90s);
}

TEST_CASE("a rate holds at once while standing, and from a lead on while playing") {
    const SetRate faster{Rate{1500}};
    CHECK(predict(paused, faster, issue).current.rate == Rate{1500});
    RoomPlayhead changed = moved(standing, 21'200ms, 124, true);
    changed.rate = Rate{1500};
    const RoomMotion changing = predict(playing, faster, issue);
    CHECK(changing == RoomMotion{.current = playing.current, .pending = changed});
    CHECK(pending(predict(predict(paused, Play{}, issue), faster, issue)).rate == Rate{1500});
    CHECK(predict(changing, SetRate{Rate{1000}}, issue) == playing);
}

TEST_CASE("nothing changes where the room has done it already, nor by what is no motion") {
    const RoomMotion starting = predict(paused, Play{}, issue);
    CHECK(predict(starting, Play{}, issue) == starting);
    CHECK(predict(playing, Play{}, issue) == playing);
    CHECK(predict(paused, Pause{}, issue) == paused);
    const RoomMotion sought = predict(playing, Seek{5s}, issue);
    Issue again = issue;
    again.server_ms = 6'049;
    CHECK(predict(sought, Seek{5s}, again) == sought);
    CHECK(predict(paused, SetRate{Rate{1000}}, issue) == paused);
    CHECK(predict(playing, SetName{"x"}, issue) == playing);
    CHECK(predict(playing, Load{}, issue) == playing);
}

TEST_CASE("no time that a clock may show breaks it") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    for (const double odd : {nan, -1e300, 1e300, std::numeric_limits<double>::infinity()}) {
        Issue when = issue;
        when.server_ms = odd;
        INFO(odd);
        CHECK(predict(paused, Seek{5s}, when).current.anchor_position == 5s);
        CHECK_FALSE(predict(playing, Pause{}, when).current.playing);
        CHECK(pending(predict(paused, Play{}, when)).playing);
    }
}

TEST_CASE("leads are learnt from what the room schedules, seeks and starts each on their own") {
    sync::LeadEstimate lead;
    constexpr TickLength length;
    CHECK(lead.ticks(length, 0).start == 3 + 1);
    CHECK(lead.ticks(length, 0).seek == 5 + 1);
    const RoomMotion start{.current = standing, .pending = moved(standing, 20s, 209, true)};
    lead.observe(Tick{200}, start, MediaInstance{1});
    const RoomMotion seek{.current = moved(standing, 5s, 300, false), .pending = moved(standing, 5s, 312, true)};
    lead.observe(Tick{300}, seek, MediaInstance{1});
    // Half of 120 ms one way and half a tick of waiting: two ticks.
    CHECK(lead.ticks(length, 120).start == 9 + 2);
    CHECK(lead.ticks(length, 120).seek == 12 + 2);
    // A load has a lead of its own; a change that is due already, or none, tells nothing.
    lead.observe(Tick{200}, start, MediaInstance{7});
    lead.observe(Tick{209}, start, MediaInstance{1});
    lead.observe(Tick{200}, paused, MediaInstance{1});
    CHECK(lead.ticks(length, 120).start == 9 + 2);
    CHECK(lead.ticks(length, std::numeric_limits<double>::quiet_NaN()).start == 9 + 1);
    CHECK(lead.ticks(length, 1e300).start < 1'000);
}

} // namespace
} // namespace playhead::client::test
