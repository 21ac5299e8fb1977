#include "native/simulated_viewer.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace playhead::client::test {
namespace {

using Kind = sync::ControllerAction::Kind;

// A player that says one thing, whatever is asked of it.
class ToldPlayer final : public Player {
  public:
    PlayerReport told{.loaded = true, .ready = true, .paused = false};
    int actions = 0;
    PlayerCapabilities capabilities() const override { return fine(); }
    PlayerReport report() override { return told; }
    void play() override { ++actions; }
    void pause() override { ++actions; }
    void seek(double position_ms) override {
        CHECK(std::isfinite(position_ms));
        ++actions;
    }
    void set_rate(double rate, bool) override {
        CHECK(std::isfinite(rate));
        ++actions;
    }
    bool take_change() override { return false; }
    std::vector<UserIntent> take_intents() override { return {}; }
};

TEST_CASE("a look happens when the controller wants it, the room moves or the player changes, and not otherwise") {
    SimulatedViewer one;
    one.pause_room(5'000);
    one.run(1'000);
    CHECK(one.player.true_position_ms() == 5'000);
    const std::size_t looks = one.looks;
    const sync::Surroundings same{.clock = one.clock, .motion = one.motion, .tick_length = TickLength{}};
    CHECK_FALSE(one.loop.poll(one.now_ms(), same));
    CHECK(one.loop.next_poll_ms() > one.now_ms());
    one.pause_room(6'000);
    CHECK(one.looks == looks + 1);
    CHECK(one.player.count(Kind::seek) == 2);
    one.loop.poke();
    CHECK(one.loop.poll(one.now_ms(), same));
}

TEST_CASE("its own actions, which the player tells as changes, do not make it look in circles") {
    SimulatedViewer one;
    one.settle_in();
    CHECK(one.looks < 600);
    CHECK(one.loop.status().phase == Phase::following);
    CHECK(std::abs(one.loop.status().error_ms.value_or(99)) < 3);
}

TEST_CASE("a start that waits for data is shown as stalled, after a while") {
    SimulatedViewer one;
    one.player.set_stalled(true);
    one.motion = sync::RoomMotion{.current = playhead_from(5'000, one.server_ms() - 5'000, true), .pending = {}};
    one.run(300);
    CHECK_FALSE(one.loop.status().stalled);
    one.run(700);
    CHECK(one.loop.status().stalled);
    one.player.set_stalled(false);
    one.run(3'000);
    CHECK_FALSE(one.loop.status().stalled);
    CHECK(one.loop.status().phase == Phase::following);
}

TEST_CASE("a player that knows nothing of its media yet is stalled while the room plays it") {
    SimulatedViewer one;
    one.player.set_loaded(false);
    one.player.set_stalled(true);
    one.pause_room(5'000);
    one.run(3'000);
    CHECK_FALSE(one.loop.status().stalled);
    CHECK(one.loop.status().phase == Phase::idle);
    one.motion = sync::RoomMotion{.current = playhead_from(5'000, one.server_ms(), true), .pending = {}};
    one.run(3'000);
    CHECK(one.loop.status().stalled);
    one.player.set_loaded(true);
    one.player.set_stalled(false);
    one.run(5'000);
    CHECK_FALSE(one.loop.status().stalled);
    CHECK(one.loop.status().phase == Phase::following);
}

TEST_CASE("a player that ran dry and was stopped stays stalled until it has data again") {
    SimulatedViewer one;
    one.settle_in();
    one.player.set_stalled(true);
    one.run(1'000);
    one.pause_room(8'000); // the room stops for it
    one.run(2'000);
    CHECK_FALSE(one.player.report().stalled);
    CHECK(one.loop.status().stalled);
    one.player.set_stalled(false); // and nothing tells
    one.run(300);
    CHECK_FALSE(one.loop.status().stalled);
}

TEST_CASE("a player that was only stopped is not stalled") {
    SimulatedViewer one;
    one.settle_in();
    one.pause_room(8'000);
    one.run(500);
    one.player.set_stalled(true);
    one.run(2'000);
    CHECK_FALSE(one.loop.status().stalled);
}

TEST_CASE("the same reading is not taken for a second one") {
    KnownClock clock;
    ToldPlayer player;
    sync::SyncLoop loop(player);
    const sync::RoomMotion motion{.current = playhead_from(0, clock.offset_ms, true), .pending = {}};
    const sync::Surroundings room{.clock = clock, .motion = motion, .tick_length = TickLength{}};
    player.told.local_ms = 1'000;
    player.told.position_ms = 1'000;
    CHECK(loop.poll(1'000, room));
    const double due_ms = loop.next_poll_ms();
    CHECK_FALSE(loop.poll(due_ms, room));
    CHECK(loop.next_poll_ms() == due_ms + sync::loop_constants::reading_gap_ms);
    player.told.local_ms = due_ms + 1;
    CHECK(loop.poll(loop.next_poll_ms(), room));
}

TEST_CASE("nothing that a player says is passed on where it cannot be true") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinite = std::numeric_limits<double>::infinity();
    for (const double odd : {nan, infinite, -infinite, 1e300, -1e300}) {
        for (int field = 0; field < 5; ++field) {
            KnownClock clock;
            ToldPlayer player;
            if (field == 0) player.told.local_ms = odd;
            if (field == 1) player.told.position_ms = odd;
            if (field == 2) player.told.duration_ms = odd;
            if (field == 3) player.told.rate = odd;
            if (field == 4) player.told.buffer_ms = odd;
            sync::SyncLoop loop(player);
            const sync::RoomMotion motion{.current = playhead_from(0, clock.offset_ms, true), .pending = {}};
            double now_ms = 0;
            for (int look = 0; look < 200; ++look) {
                now_ms += 20;
                if (field != 0) player.told.local_ms = now_ms;
                loop.poll(now_ms, {.clock = clock, .motion = motion, .tick_length = TickLength{}});
                INFO("field " << field << " is " << odd << " at look " << look);
                CHECK(std::isfinite(loop.status().error_ms.value_or(0)));
                CHECK(std::isfinite(loop.status().duration_ms.value_or(0)));
                CHECK(std::isfinite(loop.status().buffer_ms));
            }
            // Where nothing is known of its position nothing is asked of it either.
            if (field == 1 && !std::isfinite(odd)) CHECK(player.actions == 0);
        }
    }
}

} // namespace
} // namespace playhead::client::test
