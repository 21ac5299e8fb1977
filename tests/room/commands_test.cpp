#include "room/stage.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace playhead::test;

namespace {
Outcome require_refused(Outcome outcome, ErrorCode code) {
    CHECK(outcome.verdict == Verdict::refused);
    CHECK(outcome.error.code == code);
    CHECK_FALSE(outcome.error.message.empty());
    return outcome;
}
bool applied(const Outcome& outcome) { return outcome.verdict == Verdict::applied; }
} // namespace

TEST_CASE("[R1] play starts ahead, at a tick that everyone can reach") {
    Stage stage;
    stage.load();
    REQUIRE(applied(stage.act(ada, Play{})));
    CHECK_FALSE(stage.motion().current.playing);
    REQUIRE(stage.motion().pending);
    CHECK(stage.motion().pending->playing);
    CHECK(stage.motion().pending->anchor_tick == stage.tick + 3);
    CHECK(stage.motion().pending->anchor_position == 0s);
    CHECK(stage.room.take_events() ==
          std::vector{Event{.kind = EventKind::played, .viewer = ada, .tick = stage.tick, .position = 0s}});
}

TEST_CASE("[R1] a lead is rounded up to whole ticks") {
    for (const auto& [lead, ticks] :
         {std::pair{0us, 0u}, {1us, 1u}, {50'000us, 1u}, {50'001us, 2u}, {1'000'000us, 20u}}) {
        Stage stage;
        stage.load();
        stage.lead.start = lead;
        stage.act(ada, Play{});
        CHECK(stage.motion().pending->anchor_tick == stage.tick + ticks);
    }
}

TEST_CASE("[R1] playing what plays already is applied and changes nothing") {
    Stage stage;
    stage.load();
    stage.act(ada, Play{});
    const Motion scheduled = stage.motion();
    stage.step();
    CHECK(applied(stage.act(bob, Play{})));
    CHECK(stage.motion() == scheduled);
    stage.step(1s);
    stage.room.take_events();
    const Motion playing = stage.motion();
    CHECK(applied(stage.act(bob, Play{})));
    CHECK(stage.motion() == playing);
    CHECK(stage.room.take_events().empty());
}

TEST_CASE("[R1] play at the end starts from the beginning") {
    Stage stage;
    stage.load(60s);
    stage.act(ada, Seek{.to = 60s});
    stage.act(ada, Play{});
    CHECK(stage.motion().pending->anchor_position == 0s);
}

TEST_CASE("[R2] pause stops where its author saw it and cancels what is pending") {
    Stage stage;
    stage.load(true);
    stage.step(2s);
    const MediaTime seen = stage.position() - 120ms;
    stage.step();
    stage.step();
    CHECK(applied(stage.act(ada, Pause{}, {.issued = stage.now() - 100ms, .seen = seen})));
    CHECK(stage.motion() == Motion{.current = {.media = stage.instance(),
                                               .anchor_position = seen,
                                               .anchor_tick = stage.tick,
                                               .rate = Rate{1000},
                                               .playing = false},
                                   .pending = {}});
    stage.step(1s);
    CHECK(stage.position() == seen);
}

TEST_CASE("[R2] a position that cannot have been seen is pulled into the window") {
    for (const std::int32_t permille : {250, 1000, 2000}) {
        CAPTURE(permille);
        for (const MediaTime claim : {0s, 3600s}) {
            Stage stage;
            stage.load();
            stage.act(ada, Seek{.to = 100s});
            stage.act(ada, SetRate{.rate = Rate{permille}});
            stage.play();
            stage.step(4s);
            const ServerTime issued = stage.now() - 50ms;
            const MediaTime expected = stage.motion().current.position_at(issued, TickLength{});
            const MediaTime doubt = 500ms * permille / 1000;
            stage.act(ada, Pause{}, {.issued = issued, .seen = claim});
            CHECK(stage.position() == (claim == 0s ? expected - doubt : expected + doubt));
        }
    }
}

TEST_CASE("[R2] without a position the one of its moment counts, never beyond the media") {
    Stage stage;
    stage.load(true);
    stage.step(2s);
    const ServerTime issued = stage.now() - 230ms;
    const MediaTime expected = stage.motion().current.position_at(issued, TickLength{});
    stage.act(ada, Pause{}, {.issued = issued});
    CHECK(stage.position() == expected);

    Stage early;
    early.load(true);
    early.act(ada, Pause{}, {.seen = 0s});
    CHECK(early.position() == 0s);

    Stage late;
    late.load(10s, true);
    late.step(9'800ms);
    late.act(ada, Pause{}, {.seen = 10'200ms});
    CHECK(late.position() == 10s);
}

TEST_CASE("[R2] pause before a scheduled start keeps the room where it stands") {
    Stage stage;
    stage.load();
    stage.act(ada, Seek{.to = 30s});
    stage.act(ada, Play{});
    stage.step();
    stage.act(bob, Pause{});
    stage.step(1s);
    CHECK(stage.position() == 30s);
    CHECK_FALSE(stage.motion().intent().playing);
}

TEST_CASE("[R2] pausing what is paused tells nobody and moves nothing") {
    Stage stage;
    stage.load();
    stage.step();
    const Version before = stage.room.commit();
    CHECK(applied(stage.act(ada, Pause{})));
    CHECK(stage.room.commit() == before);
    CHECK(stage.room.take_events().empty());
}

TEST_CASE("[R2] a rate that was on its way survives a pause") {
    Stage stage;
    stage.load(true);
    stage.step(1s);
    stage.act(ada, SetRate{.rate = Rate{1500}});
    stage.act(ada, Pause{});
    CHECK(stage.motion().current.rate == Rate{1500});
    CHECK_FALSE(stage.motion().pending);
}

TEST_CASE("[R3] a seek of a paused room stands at its target at once") {
    Stage stage;
    stage.load(60s);
    stage.act(ada, Seek{.to = 42s});
    CHECK(stage.position() == 42s);
    CHECK_FALSE(stage.motion().pending);
    CHECK_FALSE(stage.motion().current.playing);
}

TEST_CASE("[R3] a seek of a playing room stands at its target until everyone can go on from it") {
    Stage stage;
    stage.load(60s, true);
    stage.step(1s);
    stage.act(ada, Seek{.to = 42s});
    CHECK_FALSE(stage.motion().current.playing);
    CHECK(stage.position() == 42s);
    REQUIRE(stage.motion().pending);
    CHECK(stage.motion().pending->anchor_tick == stage.tick + 6);
    stage.step(300ms);
    CHECK(stage.position() == 42s);
    stage.step(1s);
    CHECK(stage.position() == 43s);
}

TEST_CASE("[R3] a seek of a room about to start moves the start") {
    Stage stage;
    stage.load();
    stage.act(ada, Play{});
    stage.step();
    stage.act(bob, Seek{.to = 5s});
    CHECK(stage.motion().pending->anchor_position == 5s);
    CHECK(stage.motion().pending->anchor_tick == stage.tick + 6);
}

TEST_CASE("[R3] a seek goes no further than the end, and not beyond reason") {
    Stage stage;
    stage.load();
    CHECK(applied(stage.act(ada, Seek{.to = 10h})));
    CHECK(stage.position() == 10h);
    stage.report(ada, 60s);
    stage.step();
    CHECK(applied(stage.act(ada, Seek{.to = 10h})));
    CHECK(stage.position() == 60s);
    for (const MediaTime to : {MediaTime{-1}, MediaTime::min(), time_max + 1us, MediaTime::max()}) {
        const Motion before = stage.motion();
        require_refused(stage.act(ada, Seek{.to = to}), ErrorCode::out_of_range);
        CHECK(stage.motion() == before);
    }
}

TEST_CASE("[R4] a rate changes at a tick that lies ahead, at the position it has then") {
    Stage stage;
    stage.load(true);
    stage.step(1s);
    const MediaTime now = stage.position();
    stage.act(ada, SetRate{.rate = Rate{2000}});
    CHECK(stage.motion().current.rate == Rate{1000});
    CHECK(stage.motion().pending->rate == Rate{2000});
    CHECK(stage.motion().pending->anchor_position == now + 150ms);
    stage.step(150ms);
    CHECK(stage.position() == now + 150ms);
    stage.step(1s);
    CHECK(stage.position() == now + 2'150ms);
}

TEST_CASE("[R4] the rate of what stands changes at once, and that of a pending start in place") {
    Stage stage;
    stage.load();
    stage.act(ada, SetRate{.rate = Rate{500}});
    CHECK(stage.motion().current.rate == Rate{500});
    CHECK_FALSE(stage.motion().pending);
    stage.act(ada, Play{});
    const Tick start = stage.motion().pending->anchor_tick;
    stage.step();
    stage.act(bob, SetRate{.rate = Rate{1250}});
    CHECK(stage.motion().pending->rate == Rate{1250});
    CHECK(stage.motion().pending->anchor_tick == start);
}

TEST_CASE("[R4] going back before a new rate has come cancels it") {
    Stage stage;
    stage.load(true);
    stage.step(1s);
    const Motion before = stage.motion();
    stage.act(ada, SetRate{.rate = Rate{2000}});
    stage.act(ada, SetRate{.rate = Rate{1000}});
    CHECK(stage.motion() == before);
}

TEST_CASE("[R4] a rate is a register of its own: motion does not supersede it") {
    Stage stage;
    stage.load();
    stage.act(ada, Seek{.to = 5s});
    CHECK(applied(stage.act(bob, SetRate{.rate = Rate{800}}, {.issued = stage.now() - 400ms})));
    CHECK(applied(stage.act(ada, Play{}, {.issued = stage.now(), .logical = 1})));
    CHECK(stage.motion().intent().rate == Rate{800});
}

TEST_CASE("[R4] a rate out of bounds is refused") {
    for (const std::int32_t permille :
         {249, 2001, 0, -1000, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()}) {
        CAPTURE(permille);
        Stage stage;
        stage.load();
        require_refused(stage.act(ada, SetRate{.rate = Rate{permille}}), ErrorCode::out_of_range);
        CHECK(stage.motion().intent().rate == Rate{1000});
    }
    for (const std::int32_t permille : {250, 2000}) {
        Stage stage;
        stage.load();
        CHECK(applied(stage.act(ada, SetRate{.rate = Rate{permille}})));
    }
}

TEST_CASE("[R5] a load stands at its start under a new instance and keeps the rate") {
    Stage stage;
    stage.load(60s, true);
    stage.act(ada, SetRate{.rate = Rate{1250}});
    const MediaInstance before = stage.instance();
    CHECK(applied(stage.act(bob, Load{.kind = MediaKind::hls, .url = "/media/b.m3u8", .title = " B\n", .start = 7s})));
    const Media& media = stage.room.state().media.value();
    CHECK(media == Media{.instance = MediaInstance{before.value + 1},
                         .kind = MediaKind::hls,
                         .url = "/media/b.m3u8",
                         .title = "B",
                         .duration = 0s});
    CHECK(stage.motion() == Motion{.current = {.media = media.instance,
                                               .anchor_position = 7s,
                                               .anchor_tick = stage.tick,
                                               .rate = Rate{1250},
                                               .playing = false},
                                   .pending = {}});
}

TEST_CASE("[R5] a load that plays starts when there was time to load") {
    Stage stage;
    stage.act(ada, Load{.url = "/media/a.mp4", .start = 3s, .play = true});
    REQUIRE(stage.motion().pending);
    CHECK(stage.motion().pending->anchor_tick == stage.tick + 30);
    CHECK(stage.motion().pending->anchor_position == 3s);
    CHECK(stage.motion().pending->media == stage.instance());
}

TEST_CASE("[R7] nothing moves while nothing is loaded") {
    Stage stage;
    for (const Action& action : {Action{Play{}}, Action{Pause{}}, Action{Seek{.to = 1s}}}) {
        require_refused(stage.act(ada, action), ErrorCode::no_media);
        require_refused(stage.act(ada, action, {.media = MediaInstance{4}}), ErrorCode::no_media);
    }
    CHECK(stage.motion() == Motion{});
    CHECK(applied(stage.act(ada, SetRate{.rate = Rate{1500}})));
    stage.load();
    CHECK(stage.motion().current.rate == Rate{1500});
}

TEST_CASE("[R7] what was meant for one media does not hit its successor") {
    Stage stage;
    stage.load();
    const MediaInstance first = stage.instance();
    stage.load();
    for (const Action& action :
         {Action{Play{}}, Action{Pause{}}, Action{Seek{.to = 1s}}, Action{SetRate{.rate = Rate{500}}}}) {
        for (const MediaInstance media : {MediaInstance{0}, first, MediaInstance{99}}) {
            const Motion before = stage.motion();
            require_refused(stage.act(bob, action, {.media = media}), ErrorCode::wrong_media);
            CHECK(stage.motion() == before);
        }
    }
    CHECK(applied(stage.act(bob, Load{.url = "/media/c.mp4"}, {.media = first})));
    CHECK(applied(stage.act(bob, SetName{.name = "B"}, {.media = first})));
}

TEST_CASE("[R7] a refused command does not win the register") {
    Stage stage;
    stage.load();
    stage.step();
    require_refused(stage.act(bob, Seek{.to = 1s}, {.issued = stage.now(), .media = MediaInstance{99}}),
                    ErrorCode::wrong_media);
    CHECK(applied(stage.act(ada, Seek{.to = 2s}, {.issued = stage.now() - 1us})));
}

TEST_CASE("[R8] a command that is sent again is answered as before and applied once") {
    Stage stage;
    stage.load(60s);
    const Command seek = stage.command(ada, Seek{.to = 20s}, {});
    const auto first = stage.apply(seek);
    stage.act(bob, Seek{.to = 40s}, {.issued = stage.now() + 1us});
    const auto again = stage.apply(seek);
    CHECK(first == again);
    CHECK(stage.position() == 40s);

    const Command bad = stage.command(ada, Seek{.to = -1s}, {});
    const auto refused = stage.apply(bad);
    CHECK(refused->verdict == Verdict::refused);
    CHECK(stage.apply(bad) == refused);
}

TEST_CASE("[R8] the answers of a bounded number of commands are kept") {
    Stage stage;
    stage.load();
    const std::uint32_t first = stage.room.state().viewers.at(ada).last_sequence + 1;
    const auto count = static_cast<std::uint32_t>(Member::outcomes_kept);
    for (std::uint32_t index = 0; index <= count; ++index) stage.act(ada, Seek{.to = MediaTime{index}});
    CHECK(stage.room.state().viewers.at(ada).outcomes.size() == Member::outcomes_kept);
    require_refused(stage.act(ada, Seek{.to = 9s}, {.sequence = first}), ErrorCode::sequence);
    CHECK(applied(stage.act(ada, Seek{.to = 9s}, {.sequence = first + 1})));
    CHECK(stage.position() == MediaTime{count});
}

TEST_CASE("[R8] a sequence may skip ahead a little and never wrap") {
    Stage stage;
    stage.load();
    const std::uint32_t last = stage.room.state().viewers.at(ada).last_sequence;
    require_refused(stage.act(ada, Seek{.to = 1s}, {.sequence = last + 1001}), ErrorCode::sequence);
    require_refused(stage.act(ada, Seek{.to = 1s}, {.sequence = 0xFFFFFFFF}), ErrorCode::sequence);
    require_refused(stage.act(ada, Seek{.to = 1s}, {.sequence = 0}), ErrorCode::sequence);
    CHECK(stage.room.state().viewers.at(ada).last_sequence == last);
    CHECK(applied(stage.act(ada, Seek{.to = 1s}, {.sequence = last + 1000})));
    require_refused(stage.act(ada, Seek{.to = 1s}, {.sequence = last + 999}), ErrorCode::sequence);
}

TEST_CASE("[R8] a returning viewer's count goes on, a new viewer's begins at one") {
    Stage stage;
    stage.load();
    const Command seek = stage.command(ada, Seek{.to = 20s}, {});
    const auto outcome = stage.apply(seek);
    stage.apply(Disconnect{.viewer = ada});
    stage.apply(Reconnect{.viewer = ada});
    CHECK(stage.apply(seek) == outcome);
    stage.join(ViewerId{3});
    CHECK(applied(stage.act(ViewerId{3}, Seek{.to = 1s}, {.sequence = 1})));
}

TEST_CASE("[R14] whoever is not in the room is refused, and the engine needs no seat") {
    Stage stage;
    stage.load();
    stage.step();
    require_refused(stage.act(ViewerId{9}, Play{}), ErrorCode::hello_expected);
    stage.apply(Leave{.viewer = bob});
    require_refused(stage.act(bob, Play{}), ErrorCode::hello_expected);
    CHECK(applied(stage.act(engine, Load{.url = "/media/a.mp4"}, {.sequence = 0})));
    CHECK(applied(stage.act(engine, Play{}, {.sequence = 0})));
    require_refused(stage.act(engine, SetName{.name = "x"}, {.sequence = 0}), ErrorCode::hello_expected);
}
