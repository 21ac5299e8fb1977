#include "room/stage.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace playhead::test;

TEST_CASE("[R10] media that plays to its end stops there, told once") {
    Stage stage;
    stage.load(10s, true);
    stage.step(9s);
    CHECK(stage.motion().intent().playing);
    CHECK(stage.room.take_events().empty());
    stage.step(2s);
    CHECK_FALSE(stage.motion().intent().playing);
    CHECK(stage.position() == 10s);
    const auto events = stage.room.take_events();
    REQUIRE(events.size() == 1);
    CHECK(events[0].kind == EventKind::media_ended);
    CHECK(events[0].viewer == engine);
    CHECK(events[0].position == 10s);
    stage.step(2s);
    CHECK(stage.room.take_events().empty());
}

TEST_CASE("[R10] the end supersedes what was meant before it, and not what came after") {
    Stage stage;
    stage.load(10s, true);
    stage.step(12s);
    const auto events = stage.room.take_events();
    REQUIRE(events.size() == 1);
    const ServerTime ended = TickLength{}.start_of(events[0].tick);
    CHECK(stage.act(ada, Seek{.to = 1s}, {.issued = ended - 1us}).verdict == Verdict::superseded);
    CHECK(stage.position() == 10s);
    CHECK(stage.act(ada, Seek{.to = 1s}, {.issued = ended}).verdict == Verdict::applied);
    CHECK(stage.position() == 1s);
}

TEST_CASE("[R10] an end that comes while a new rate is on its way keeps that rate") {
    Stage stage;
    stage.load(10s, true);
    stage.act(ada, Seek{.to = 9'900ms});
    stage.step(300ms);
    stage.act(ada, SetRate{.rate = Rate{2000}});
    stage.step(150ms);
    CHECK_FALSE(stage.motion().intent().playing);
    CHECK(stage.motion().current.rate == Rate{2000});
    CHECK(stage.position() == 10s);
}

TEST_CASE("[R10] learning a duration that is already past ends the media") {
    Stage stage;
    stage.load(true);
    stage.step(20s);
    stage.report(ada, 10s);
    stage.step();
    CHECK_FALSE(stage.motion().intent().playing);
    CHECK(stage.position() == 10s);
}

TEST_CASE("[R10] media without a duration goes on") {
    Stage stage;
    stage.load(true);
    stage.step(120s);
    CHECK(stage.motion().intent().playing);
    CHECK(stage.position() == 120s);
}

TEST_CASE("[R13] a scheduled start takes over at its tick and state then holds one playhead") {
    Stage stage;
    stage.load();
    stage.act(ada, Play{});
    const Playhead start = *stage.motion().pending;
    stage.step();
    stage.step();
    CHECK(stage.motion().pending);
    stage.step();
    CHECK_FALSE(stage.motion().pending);
    CHECK(stage.motion().current == start);
}

TEST_CASE("[R13] a start whose tick was skipped has taken over exactly where it would be") {
    Stage stage;
    stage.load();
    stage.act(ada, Play{});
    const Tick start = stage.motion().pending->anchor_tick;
    stage.room.commit();
    stage.tick = stage.tick + 200;
    stage.room.advance(stage.tick);
    CHECK(stage.motion().current.anchor_tick == start);
    CHECK(stage.position() == (stage.tick.number - start.number) * 50ms);
}

TEST_CASE("[R13] a command finds the start that has come before it") {
    Stage stage;
    stage.load();
    stage.act(ada, Play{});
    stage.room.commit();
    stage.tick = stage.tick + 23;
    stage.act(bob, Pause{});
    CHECK(stage.position() == 1s);
}

TEST_CASE("a version is given at commit, to changes only") {
    Stage stage;
    const Version joined = stage.room.commit();
    CHECK(stage.room.commit() == joined);
    stage.load();
    const Version loaded = stage.room.commit();
    CHECK(loaded.value == joined.value + 1);
    CHECK(stage.room.state().media.changed_at() == loaded);
    CHECK(stage.room.state().motion.changed_at() == loaded);
    CHECK(stage.room.state().info.changed_at() == Version{1});
    stage.act(ada, Seek{.to = 0s}, {.issued = stage.now() + 1us});
    stage.act(bob, SetName{.name = "Bob"});
    CHECK(stage.room.commit() == loaded);
}

TEST_CASE("a room without input changes nothing, however long it plays") {
    Stage stage;
    stage.load(true);
    const Version playing = stage.room.commit();
    stage.step(600s);
    CHECK(stage.room.commit() == playing);
}

TEST_CASE("a new room is at version 1, its title cleaned") {
    const Room room{Epoch{3}, RoomInfo{.title = " <b>x\n", .listed = true}, TickLength{}};
    CHECK(room.state().version == Version{1});
    CHECK(room.state().epoch == Epoch{3});
    CHECK(room.state().info.value() == RoomInfo{.title = "<b>x", .listed = true});
}

TEST_CASE("events of one tick are bounded") {
    Stage stage;
    stage.load();
    for (int count = 0; count < 500; ++count) stage.act(ada, Seek{.to = MediaTime{count}});
    CHECK(stage.room.take_events().size() == Room::events_per_tick_max);
    CHECK(stage.room.take_events().empty());
}
