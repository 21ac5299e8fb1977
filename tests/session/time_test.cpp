#include "session/due_rooms.hpp"
#include "session/lead.hpp"
#include "session/support.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace playhead;
using namespace playhead::testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("[T1] tick starts are computed and do not drift") {
    Stage stage;
    for (std::uint32_t n = 1; n <= 1000; ++n) {
        const ServerTime due = stage.shard.run_due();
        CHECK(due == ServerTime{milliseconds{50} * n});
        stage.clock.time = due + Microseconds{(n * 7919) % 40'000}; // always a little late
    }
    stage.shard.run_due();
    CHECK(stage.shard.metrics().ticks_total == 1001);
    CHECK(stage.shard.metrics().ticks_skipped_total == 0);
}

TEST_CASE("[T1] a late shard runs once, for the newest tick due, and counts what it stands for") {
    Stage stage;
    stage.tick(3);
    const std::uint64_t ran = stage.shard.metrics().ticks_total;
    stage.clock.time += milliseconds{275};
    const ServerTime next = stage.shard.run_due();
    CHECK(stage.shard.metrics().ticks_total == ran + 1);
    CHECK(stage.shard.metrics().ticks_skipped_total == 4);
    CHECK(next > stage.clock.time);
    CHECK(next - stage.clock.time <= milliseconds{50});
    CHECK(stage.shard.run_due() == next); // nothing more is due
    CHECK(stage.shard.metrics().ticks_total == ran + 1);
}

TEST_CASE("[T1] a skip loses nothing: the playhead and the media's end are where they would have been") {
    Stage exact;
    Stage late;
    for (Stage* stage : {&exact, &late}) {
        Peer ann = stage->join();
        Report report;
        report.media = MediaInstance{1};
        report.duration = MediaTime{10'000'000};
        ann.say(report);
        ann.say(command(1, Play{}, MediaInstance{1}, stage->clock.time));
        stage->tick(2);
    }
    exact.pass(seconds{5});
    late.clock.time = exact.clock.time;
    late.tick();
    exact.tick();
    const auto position = [](const Stage& stage) {
        return stage.state().motion.value().current.position_at(stage.clock.time, TickLength{});
    };
    CHECK(position(exact) == position(late));
    CHECK(position(exact) > MediaTime{4'000'000});
    exact.pass(seconds{10});
    late.clock.time = exact.clock.time;
    late.tick();
    exact.tick();
    CHECK(position(exact) == MediaTime{10'000'000});
    CHECK(position(late) == MediaTime{10'000'000});
    CHECK_FALSE(late.state().motion.value().intent().playing);
}

TEST_CASE("[T5] a scheduled start and the end of media come on their tick in a room where nobody speaks") {
    for (const int offset : {0, 1, 2, 3}) { // whatever the phase of the room's beat
        Stage stage;
        Peer ann = stage.join();
        stage.tick(offset);
        Report report;
        report.media = MediaInstance{1};
        report.duration = MediaTime{3'010'000};
        ann.say(report);
        ann.say(command(1, Play{}, MediaInstance{1}, stage.clock.time));
        stage.tick();
        const Tick starts = stage.state().motion.value().pending->anchor_tick;
        while (TickLength{}.at(stage.clock.time) < starts) {
            CHECK(stage.state().motion.value().pending);
            stage.tick();
        }
        CHECK_FALSE(stage.state().motion.value().pending);
        const Tick ends = starts + 61;
        while (TickLength{}.at(stage.clock.time) < ends) {
            CHECK(stage.state().motion.value().current.playing);
            stage.tick();
        }
        CHECK_FALSE(stage.state().motion.value().current.playing);
        CHECK(ann.hear_one<Event>()->kind == EventKind::media_ended);
    }
}

TEST_CASE("[S7] [S5] who spoke and read while the engine did not run is not taken for dead or slow") {
    Stage stage;
    Peer ann = stage.join("Ann");
    Peer bob = stage.join("Bob");
    Peer fresh = stage.connect();
    bob.block();
    ann.say(command(1, Play{}, MediaInstance{1}, stage.clock.time));
    stage.tick();
    CHECK(stage.shard.metrics().slow_sessions == 1);
    stage.clock.time += seconds{60}; // longer than any time-out; then ticks come before what the sockets hold
    stage.tick();
    CHECK_FALSE(ann.closed());
    CHECK_FALSE(bob.closed());
    CHECK_FALSE(fresh.closed());
    for (Peer* peer : {&ann, &bob}) peer->say(Ping{});
    bob.unblock();
    fresh.say(stage.hello("Cy"));
    stage.pass(seconds{3});
    CHECK_FALSE(ann.closed());
    CHECK_FALSE(bob.closed());
    CHECK_FALSE(fresh.closed());
    CHECK(stage.shard.metrics().slow_sessions == 0);

    SUBCASE("who says nothing after it either is") {
        stage.pass(seconds{31});
        CHECK(ann.line().close_code == ErrorCode::idle);
    }
    SUBCASE("being away is no way to keep the dead") {
        stage.clock.time += seconds{60};
        stage.tick();
        stage.pass(milliseconds{1100});
        CHECK(ann.line().close_code == ErrorCode::idle);
    }
}

TEST_CASE("[T1] lateness, overruns and durations are measured") {
    Stage stage;
    stage.tick(10);
    CHECK(stage.shard.metrics().tick_lateness.quantile(1.0) <= Microseconds{1});
    CHECK(stage.shard.metrics().tick_overruns_total == 0);
    stage.clock.per_look = milliseconds{30}; // every look at the clock takes this long: the tick overruns
    stage.clock.time += milliseconds{130};
    stage.shard.run_due();
    CHECK(stage.shard.metrics().tick_lateness.quantile(1.0) >= milliseconds{80});
    stage.clock.per_look = milliseconds{60};
    stage.shard.run_due();
    CHECK(stage.shard.metrics().tick_overruns_total >= 1);
    CHECK(stage.shard.metrics().tick_duration.count() == stage.shard.metrics().ticks_total);
}

TEST_CASE("[S14] empty rooms end, others and permanent ones do not") {
    Stage stage;
    REQUIRE(stage.shard.create({.id = room_id("kept"), .permanent = true}));
    REQUIRE(stage.shard.create({.id = room_id("empty")}));
    Peer ann = stage.join();
    for (int i = 0; i < 32; ++i) {
        stage.pass(seconds{20});
        ann.say(Ping{});
    }
    CHECK(stage.shard.find(room_id("den")));
    CHECK(stage.shard.find(room_id("kept")));
    CHECK_FALSE(stage.shard.find(room_id("empty")));
    CHECK(stage.shard.metrics().rooms == 2);
    ann.say(Bye{});
    stage.pass(stage.settings.empty_room_expiry - seconds{2});
    CHECK(stage.shard.find(room_id("den")));
    stage.pass(seconds{4});
    CHECK_FALSE(stage.shard.find(room_id("den")));
}

TEST_CASE("rooms are created within limits, under names that are free") {
    SessionSettings settings;
    settings.rooms_max = 3;
    Stage stage{settings};
    CHECK(stage.shard.create({.id = room_id("den")}).error().code == ErrorCode::out_of_range);
    const auto random = stage.shard.create({.title = "Random"});
    REQUIRE(random);
    CHECK(random->id.text().size() == 12);
    CHECK(random->join_token.starts_with("j." + random->id.text() + "."));
    CHECK(random->owner_token.starts_with("o." + random->id.text() + "."));
    Load bad;
    bad.url = "ftp://example.org/x";
    CHECK_FALSE(stage.shard.create({.media = bad}));
    CHECK(stage.shard.metrics().rooms == 2);
    CHECK(stage.shard.create({}));
    const auto full = stage.shard.create({});
    CHECK(full.error().code == ErrorCode::rate_limited);
    CHECK(full.error().retry_ms > 0);
}

TEST_CASE("only listed rooms are listed, with the token that opens them") {
    Stage stage;
    REQUIRE(stage.shard.create({.id = room_id("hidden"), .title = "Hidden"}));
    const auto listed = stage.shard.listed_rooms();
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].id.text() == "den");
    CHECK(listed[0].title == "Den");
    CHECK(listed[0].media_title == "Demo");
    CHECK(listed[0].join_token == stage.room.join_token);
    CHECK(stage.shard.find(room_id("hidden"))->join_token.empty());
    CHECK_FALSE(stage.shard.find(room_id("missing")));
}

TEST_CASE("rooms come out of the heap in the order of their ticks, however they were moved") {
    // Ten thousand random moves against a plain model.
    SeededRandom random{42};
    DueRooms due;
    std::vector<std::unique_ptr<DueRooms::Entry>> entries;
    std::vector<std::optional<std::uint32_t>> model(50);
    RoomHost* const none = nullptr;
    for (std::size_t i = 0; i < model.size(); ++i) entries.push_back(std::make_unique<DueRooms::Entry>(none));
    const auto index_of = [&](const DueRooms::Entry* entry) {
        return static_cast<std::size_t>(
            std::ranges::find_if(entries, [&](const auto& known) { return known.get() == entry; }) - entries.begin());
    };
    for (int step = 0; step < 10'000; ++step) {
        const std::size_t i = random.next() % entries.size();
        const auto tick = static_cast<std::uint32_t>(random.next() % 100);
        switch (random.next() % 4) {
        case 0:
            due.schedule(*entries[i], Tick{tick});
            model[i] = tick;
            break;
        case 1:
            due.wake(*entries[i], Tick{tick});
            model[i] = std::min(model[i].value_or(tick), tick);
            break;
        case 2:
            due.cancel(*entries[i]);
            model[i].reset();
            break;
        default: {
            const DueRooms::Entry* taken = due.take_due(Tick{tick});
            const auto first = std::ranges::min(model, {}, [](const auto& t) { return t.value_or(1000); });
            if (!taken) {
                CHECK(first.value_or(1000) > tick);
            } else {
                CHECK(model[index_of(taken)] == first);
                model[index_of(taken)].reset();
            }
        }
        }
    }
}

TEST_CASE("[T3] the lead is the worst delay and what a start needs, in whole ticks within bounds") {
    const TickLength tick;
    const auto start = [&](std::vector<Microseconds> bounds) { return lead_for(bounds, tick).start; };
    CHECK(start({}) == milliseconds{250});
    CHECK(start({milliseconds{0}}) == milliseconds{150});
    CHECK(start({milliseconds{20}, milliseconds{60}}) == milliseconds{250});
    CHECK(start({seconds{30}}) == seconds{1});
    // A wide room does not wait for its slowest tenth.
    std::vector<Microseconds> wide(100, milliseconds{10});
    std::fill_n(wide.begin(), 9, seconds{2});
    CHECK(start(wide) == milliseconds{200});
    std::vector<Microseconds> some{milliseconds{20}};
    CHECK(lead_for(some, tick).seek == milliseconds{250});
    CHECK(lead_for(some, tick).load == milliseconds{1500});
}

TEST_CASE("[T3] viewers far away make the room start later") {
    Stage stage;
    Peer ann = stage.join();
    Report report;
    report.delay = milliseconds{400};
    for (int i = 0; i < 10; ++i) {
        ann.say(report);
        stage.pass(seconds{1});
    }
    ann.say(command(1, Play{}, MediaInstance{1}, stage.clock.time));
    stage.tick();
    const Tick now = TickLength{}.at(stage.clock.time);
    const std::uint32_t ahead = stage.state().motion.value().pending->anchor_tick.number - now.number;
    CHECK(ahead >= 11); // 400 + 145 ms
    CHECK(ahead <= 13);
}

TEST_CASE("a delay estimate follows, and knows how much it varies") {
    DelayEstimate steady;
    DelayEstimate jumpy;
    for (int i = 0; i < 200; ++i) {
        steady.add(milliseconds{50});
        jumpy.add(milliseconds{i % 2 == 0 ? 20 : 80});
    }
    CHECK(steady.bound() <= milliseconds{51});
    CHECK(jumpy.bound() > milliseconds{90});
    CHECK(jumpy.bound() < milliseconds{130});
}
