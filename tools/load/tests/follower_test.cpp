#include "follower.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

using namespace playhead;
using namespace playhead::load;

namespace {

constexpr Nanoseconds ms = 1'000'000;
constexpr Nanoseconds began = 1'000'000 * ms; // when the engine's time did

// A follower and an engine that answers its pings after a way of half a millisecond there and as much back.
struct Stage {
    explicit Stage(std::uint64_t seed) : follower(seed, now) {
        Welcome welcome;
        welcome.tick_length = TickLength{}.value;
        welcome.server_time = server_time(now);
        welcome.ping_interval_ms = 250;
        follower.welcome(welcome, now);
    }

    static ServerTime server_time(Nanoseconds at) { return ServerTime{Microseconds{(at - began) / 1000}}; }

    void moves(bool playing, std::int64_t position_ms, Nanoseconds from) {
        Motion motion;
        motion.current.media = MediaInstance{1};
        motion.current.anchor_position = MediaTime{position_ms * 1000};
        motion.current.anchor_tick = Tick{static_cast<std::uint32_t>((from - began) / ms / 50)};
        motion.current.playing = playing;
        truth.motion = motion;
        follower.motion(motion);
        follower.poll(now);
    }

    // As a room does that plays: in a little while.
    void seeks(std::int64_t position_ms) {
        Motion motion = truth.motion;
        motion.pending = motion.current;
        motion.pending->anchor_position = MediaTime{position_ms * 1000};
        motion.pending->anchor_tick = Tick{static_cast<std::uint32_t>((now - began) / ms / 50 + 5)};
        truth.motion = motion;
        follower.motion(motion);
        follower.poll(now);
    }

    void run(Nanoseconds time) {
        const Nanoseconds end = now + time;
        while (now < end) {
            if (answer_at && now >= *answer_at) {
                follower.pong(pong, now);
                answer_at.reset();
            }
            follower.poll(now);
            if (const auto ping = follower.due_ping(now, 2)) {
                pong = Pong{ping->t0_us, server_time(now + ms / 2), server_time(now + ms / 2)};
                answer_at = now + ms;
            }
            now = std::min(end, std::min(follower.next(now), answer_at.value_or(end)));
        }
    }

    double off_ms() { return std::abs(follower.ahead_ms(truth, now)); }

    Nanoseconds now = began + 60'000 * ms;
    RoomTruth truth{.zero_ns = began, .motion = {}, .tick_length = {}};
    Follower follower;
    Pong pong; // under way, until then
    std::optional<Nanoseconds> answer_at;
};

} // namespace

TEST_CASE("a clock that is set wrong and drifts can be read both ways") {
    const LocalClock clock{.offset_ms = 1'234'567, .drift = 80e-6};
    for (const Nanoseconds now : {Nanoseconds{0}, 5 * ms, began, began + 3'600'000 * ms})
        CHECK(std::abs(clock.when(clock.at(now)) - now) < 1000);
    CHECK(clock.at(1'000'000 * ms) - clock.at(0) == doctest::Approx(1'000'080));
}

TEST_CASE("a seed makes the same player, and others are of other kinds and have other clocks") {
    const Follower one(7, began);
    const Follower same(7, began);
    const Follower other(8, began);
    CHECK(one.clock().offset_ms == same.clock().offset_ms);
    CHECK(one.clock().drift == same.clock().drift);
    CHECK(one.clock().offset_ms != other.clock().offset_ms);
    CHECK(one.kind().name != other.kind().name);
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const LocalClock clock = Follower(seed, began).clock();
        CHECK((clock.offset_ms >= 0 && clock.offset_ms <= Follower::offset_ms_max));
        CHECK(std::abs(clock.drift) <= Follower::drift_max);
    }
}

TEST_CASE("players of all kinds follow a room that plays, whatever their clocks say") {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        Stage stage(seed);
        CAPTURE(seed);
        CAPTURE(stage.follower.kind().name);
        stage.moves(true, 10'000, stage.now);
        CHECK_FALSE(stage.follower.follows()); // it stands at the beginning, and does not know the time
        CHECK(stage.off_ms() == doctest::Approx(10'000));
        stage.run(15'000 * ms);
        CHECK(stage.follower.follows());
        double worst = 0;
        for (int n = 0; n < 300; ++n) {
            stage.run(100 * ms);
            worst = std::max(worst, stage.off_ms());
        }
        CHECK(worst < 25); // one that says where it is in steps of 40 ms is among them
        // The room goes elsewhere.
        stage.seeks(500'000);
        CHECK_FALSE(stage.follower.follows()); // it gets ready, and is there when the room is
        stage.run(10'000 * ms);
        CHECK(stage.follower.follows());
        CHECK(stage.off_ms() < 25);
        // What it says of itself is near the truth.
        const Report report = stage.follower.report(Version{3}, MediaInstance{1}, stage.now);
        CHECK(report.version == Version{3});
        CHECK(std::abs(static_cast<double>(report.drift.count())) < 45'000); // or a step
        CHECK(report.clock_error.count() < 2000);
    }
}

TEST_CASE("a room that is paused is not played, and its players stand where it stands") {
    Stage stage(1);
    stage.moves(false, 10'000, stage.now);
    stage.run(3000 * ms);
    CHECK_FALSE(stage.truth.plays(stage.now));
    CHECK_FALSE(stage.follower.follows());
    CHECK(stage.off_ms() < 1);
}

TEST_CASE("a playhead that is pending takes over at its tick") {
    RoomTruth truth{.zero_ns = began, .motion = {}, .tick_length = {}};
    truth.motion.current.anchor_position = MediaTime{5'000'000};
    truth.motion.pending = truth.motion.current;
    truth.motion.pending->playing = true;
    truth.motion.pending->anchor_tick = Tick{20}; // a second on
    CHECK_FALSE(truth.plays(began + 999 * ms));
    CHECK(truth.plays(began + 1000 * ms));
    CHECK(truth.position_ms(began + 999 * ms) == 5000);
    CHECK(truth.position_ms(began + 1500 * ms) == doctest::Approx(5500));
}
