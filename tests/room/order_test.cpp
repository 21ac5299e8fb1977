#include "core/random.hpp"
#include "room/stage.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace playhead;
using namespace playhead::test;

TEST_CASE("[R6] an older action that arrives late is superseded and undoes nothing") {
    const ServerTime later = Stage{}.now();
    for (const Action& newer : {Action{Play{}}, Action{Pause{}}, Action{Seek{.to = 5s}}, Action{Load{.url = "/b"}}}) {
        for (const Action& older :
             {Action{Play{}}, Action{Pause{}}, Action{Seek{.to = 9s}}, Action{Load{.url = "/c"}}}) {
            Stage stage;
            stage.act(engine, Load{.url = "/a"}, {.issued = later - 500ms});
            CHECK(stage.act(ada, newer, {.issued = later}).verdict == Verdict::applied);
            stage.room.take_events();
            const RoomState before = stage.room.state();
            CHECK(stage.act(bob, older, {.issued = later - 1us}).verdict == Verdict::superseded);
            CHECK(stage.room.state().motion == before.motion);
            CHECK(stage.room.state().media == before.media);
            CHECK(stage.room.state().last_motion == before.last_motion);
            CHECK(stage.room.take_events().empty());
        }
    }
}

TEST_CASE("[R6] an older rate that arrives late is superseded") {
    Stage stage;
    stage.load();
    CHECK(stage.act(ada, SetRate{.rate = Rate{2000}}).verdict == Verdict::applied);
    CHECK(stage.act(bob, SetRate{.rate = Rate{500}}, {.issued = stage.now() - 1us}).verdict == Verdict::superseded);
    CHECK(stage.motion().intent().rate == Rate{2000});
}

TEST_CASE("[R6] an action that changes nothing still holds the register") {
    Stage stage;
    stage.load();
    stage.step(1s);
    CHECK(stage.act(ada, Pause{}).verdict == Verdict::applied);
    CHECK(stage.act(bob, Play{}, {.issued = stage.now() - 1us}).verdict == Verdict::superseded);
}

TEST_CASE("[R6] of two actions in one microsecond the logical counter decides, then the viewer") {
    Stage stage;
    stage.load();
    stage.step();
    CHECK(stage.act(ada, Seek{.to = 1s}, {.logical = 5}).verdict == Verdict::applied);
    CHECK(stage.act(bob, Seek{.to = 2s}, {.logical = 4}).verdict == Verdict::superseded);
    CHECK(stage.act(bob, Seek{.to = 3s}, {.logical = 5}).verdict == Verdict::applied);
    CHECK(stage.act(ada, Seek{.to = 4s}, {.logical = 5}).verdict == Verdict::superseded);
    CHECK(stage.act(ada, Seek{.to = 5s}, {.logical = 6}).verdict == Verdict::applied);
    CHECK(stage.act(ada, Seek{.to = 6s}, {.logical = 6}).verdict == Verdict::applied);
    CHECK(stage.position() == 6s);
}

TEST_CASE("[R6] nobody acts in another's name") {
    Stage stage;
    stage.load();
    stage.step();
    Command forged = stage.command(ada, Seek{.to = 1s}, {});
    forged.issued.viewer = ViewerId{999};
    CHECK(stage.apply(forged)->verdict == Verdict::applied);
    CHECK(stage.room.state().last_motion.viewer == ada);
}

namespace {

// Commands of four viewers issued within one window, in the order they were issued.
std::vector<Command> commands_within_a_window(Random& random, const Stage& stage) {
    std::vector<Command> commands;
    const std::uint32_t count = 2 + random.below(6);
    for (std::uint32_t index = 0; index < count; ++index) {
        const ViewerId viewer{1 + index}; // one each: a viewer's own commands arrive in its order
        const Action actions[] = {Play{}, Pause{}, Seek{.to = MediaTime{random.between(0, 50'000'000)}}};
        Command command = stage.command(viewer, random.one_of(actions),
                                        {.issued = stage.now() - Microseconds{random.between(0, 499'999)},
                                         .logical = static_cast<std::uint16_t>(random.below(3))});
        if (random.one_in(2))
            command.position_seen = stage.position() + Microseconds{random.between(-900'000, 900'000)};
        commands.push_back(std::move(command));
    }
    std::ranges::sort(commands, {}, &Command::issued);
    return commands;
}

Stage playing_stage() {
    Stage stage;
    for (std::uint32_t id = 3; id <= 8; ++id) stage.join(ViewerId{id});
    stage.load(60s, true);
    stage.step(20s);
    return stage;
}

} // namespace

// Play keeps the position and seek keeps the intent, so that an older action which came first may shine through a newer
// one of another kind. What the newest action itself says is the same in every order.
TEST_CASE("[R6] whatever order the packets arrive in, the newest action holds the register and its own effect stands") {
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        const Stage start = playing_stage();
        std::vector<Command> commands = commands_within_a_window(random, start);
        const Command newest = commands.back();
        for (int shuffle = 0; shuffle < 8; ++shuffle) {
            Stage stage = start;
            for (std::size_t left = commands.size(); left > 1; --left) {
                std::swap(commands[left - 1], commands[random.below(left)]);
            }
            for (const Command& command : commands) stage.apply(command);
            CHECK(stage.room.state().last_motion == newest.issued);
            if (std::holds_alternative<Play>(newest.action)) CHECK(stage.motion().intent().playing);
            if (std::holds_alternative<Pause>(newest.action)) CHECK_FALSE(stage.motion().intent().playing);
            if (const auto* seek = std::get_if<Seek>(&newest.action)) {
                CHECK(stage.motion().intent().anchor_position == seek->to);
            }
        }
    }
}

TEST_CASE("[R6] pauses of one moment end in the same motion in every order") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        const Stage start = playing_stage();
        std::vector<Command> pauses = commands_within_a_window(random, start);
        // What two people saw within one window of each other is believable wherever the first of them stopped it.
        for (Command& pause : pauses) {
            pause.action = Pause{};
            const MediaTime expected = start.motion().current.position_at(pause.issued.physical, TickLength{});
            pause.position_seen = expected + Microseconds{random.between(-1'000, 1'000)};
        }
        std::optional<Motion> end;
        for (int shuffle = 0; shuffle < 8; ++shuffle) {
            Stage stage = start;
            for (std::size_t left = pauses.size(); left > 1; --left) {
                std::swap(pauses[left - 1], pauses[random.below(left)]);
            }
            for (const Command& pause : pauses) stage.apply(pause);
            if (!end) end = stage.motion();
            CHECK(stage.motion() == *end);
        }
    }
}
