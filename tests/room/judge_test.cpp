#include "room/stage.hpp"

#include <doctest/doctest.h>

#include <functional>

using namespace playhead;
using namespace playhead::test;

namespace {

// Settles commands as a test wants it, and counts.
struct TestJudge final : Judge {
    std::function<std::optional<Outcome>(Command&)> settle = [](Command&) { return std::nullopt; };
    int asked = 0;
    Tick last_tick;
    std::optional<Outcome> judge(Command& command, Tick tick) override {
        ++asked;
        last_tick = tick;
        return settle(command);
    }
};

Outcome denial() {
    return {.viewer = ViewerId{99}, // not the judge's to say
            .sequence = 99,
            .verdict = Verdict::refused,
            .error = {.code = ErrorCode::denied, .message = "not during the film"},
            .plugin = "cinema",
            .reason = "film_runs",
            .data = Value{Value::Map{{"minutes", Value{std::int64_t{12}}}}}};
}

struct Judged {
    Stage stage;
    TestJudge judge;
    Outcome act(ViewerId viewer, Action action, const Stage::Details& details) {
        return *stage.room.apply(stage.command(viewer, std::move(action), details), stage.tick, stage.lead, &judge);
    }
    Outcome act(ViewerId viewer, Action action) { return act(viewer, std::move(action), Stage::Details{}); }
};

const PluginCommand say{.plugin = "chat", .name = "say", .args = Value{std::string{"hello"}}};

} // namespace

TEST_CASE("[R16] what the judge settles is the answer, and the room does nothing") {
    Judged room;
    room.stage.load();
    room.judge.settle = [](Command&) { return denial(); };
    const Outcome outcome = room.act(ada, Play{});
    Outcome expected = denial();
    expected.viewer = ada;
    expected.sequence = 2; // after the load
    CHECK(outcome == expected);
    CHECK(room.judge.last_tick == room.stage.tick);
    CHECK_FALSE(room.stage.motion().intent().playing);

    room.judge.settle = [](Command&) { return std::nullopt; };
    CHECK(room.act(ada, Play{}).verdict == Verdict::applied);
    CHECK(room.stage.motion().intent().playing);
}

TEST_CASE("[R16] the judge is asked once per command, after repeats, gaps, foreign media and strangers are settled") {
    Judged room;
    room.stage.load();
    CHECK(room.act(ViewerId{50}, Play{}).error.code == ErrorCode::hello_expected);
    CHECK(room.act(ada, Play{}, {.sequence = 5'000}).error.code == ErrorCode::sequence);
    CHECK(room.act(ada, Play{}, {.media = MediaInstance{9}}).error.code == ErrorCode::wrong_media);
    CHECK(room.judge.asked == 0);

    room.judge.settle = [](Command&) { return denial(); };
    const Outcome first = room.act(ada, Pause{}, {.sequence = 10});
    CHECK(room.act(ada, Pause{}, {.sequence = 10}) == first);
    CHECK(room.judge.asked == 1);
}

TEST_CASE("[R16] what the judge changes is what happens, and is checked again") {
    Judged room;
    room.stage.load(60s);
    room.judge.settle = [](Command& command) {
        if (auto* seek = std::get_if<Seek>(&command.action)) seek->to = 7s;
        return std::nullopt;
    };
    CHECK(room.act(ada, Seek{.to = 50s}).verdict == Verdict::applied);
    CHECK(room.stage.position() == 7s);

    room.judge.settle = [](Command& command) {
        command.media = MediaInstance{77};
        return std::nullopt;
    };
    CHECK(room.act(ada, Seek{.to = 9s}).error.code == ErrorCode::wrong_media);
    CHECK(room.stage.position() == 7s);
}

TEST_CASE("a plugin's command needs no media, and without a judge that knows it it is refused") {
    Judged room;
    const Outcome refused = room.act(ada, say);
    CHECK(refused.error == Error{.code = ErrorCode::unknown_command, .message = "this room has no command chat.say"});
    CHECK(room.stage.act(ada, say).error.code == ErrorCode::unknown_command);

    room.judge.settle = [](Command& command) -> std::optional<Outcome> {
        if (!std::holds_alternative<PluginCommand>(command.action)) return std::nullopt;
        Outcome outcome;
        outcome.data = Value{std::int64_t{41}};
        return outcome;
    };
    const Outcome applied = room.act(ada, say);
    CHECK(applied.verdict == Verdict::applied);
    CHECK(applied.data == Value{std::int64_t{41}});

    const PluginCommand silly{.plugin = std::string(5'000, 'x'), .name = "y", .args = {}};
    CHECK(room.stage.act(ada, silly).error.message == "this room has no such command");
}

TEST_CASE("the judge may write shared state and set roles while it is asked") {
    Judged room;
    const TableName table{.plugin = "chat", .field = "log"};
    room.stage.room.shared().declare(table, Audience::everyone);
    room.judge.settle = [&](Command& command) {
        room.stage.room.shared().put(table, std::int64_t{1}, std::get<PluginCommand>(command.action).args);
        room.stage.room.set_roles(command.viewer, std::to_underlying(Role::muted), 0);
        return Outcome{};
    };
    room.act(ada, say);
    room.stage.step();
    CHECK(*room.stage.room.state().shared.find(table, std::int64_t{1}) == say.args);
    CHECK(room.stage.row(ada).roles == std::to_underlying(Role::muted));
}

TEST_CASE("[R8] kept answers are bounded by what plugins said with them, and the newest is always kept") {
    Judged room;
    room.judge.settle = [](Command&) {
        Outcome outcome;
        outcome.data = Value{std::string(5'000, 'x')};
        return outcome;
    };
    for (int count = 0; count < 10; ++count) room.act(ada, say);
    const auto& kept = room.stage.room.state().viewers.at(ada).outcomes;
    CHECK(kept.size() == 3);
    CHECK(kept.back().sequence == 10);
    CHECK(room.act(ada, say, {.sequence = 9}).verdict == Verdict::applied);
    CHECK(room.act(ada, say, {.sequence = 2}).error.code == ErrorCode::sequence);

    room.judge.settle = [](Command&) { return Outcome{}; };
    for (int count = 0; count < 40; ++count) room.act(ada, say);
    CHECK(kept.size() == Member::outcomes_kept);
    CHECK(kept.back().sequence == 50);
}

TEST_CASE("roles are set and taken by bits, replicated, and only a change is one") {
    Stage stage;
    stage.step();
    const std::uint32_t host = std::to_underlying(Role::host);
    const std::uint32_t muted = std::to_underlying(Role::muted);
    const std::uint32_t revision = stage.room.state().roles_revision;
    stage.room.set_roles(bob, host | muted | std::to_underlying(Role::anyone), 0);
    CHECK(stage.row(bob).roles == (host | muted));
    CHECK(stage.room.state().roles_revision == revision + 1);
    stage.room.set_roles(bob, host, 0);
    stage.room.set_roles(ViewerId{50}, host, 0);
    CHECK(stage.room.state().roles_revision == revision + 1);
    // What is added in the same breath stays.
    stage.room.set_roles(bob, host, host | muted);
    CHECK(stage.row(bob).roles == host);
    const Version before = stage.room.state().version;
    stage.step();
    CHECK(stage.room.state().version == Version{before.value + 1});
}

TEST_CASE("a viewer's condition is kept; signals and the wall time are none of the room's business") {
    Stage stage;
    stage.step();
    const RoomState before = stage.room.state();
    stage.apply(Signal{.viewer = ada, .plugin = "cursors", .name = "move", .args = Value{1.5}});
    stage.apply(WallTime{.unix_us = 1'800'000'000'000'000});
    stage.apply(Condition{.viewer = ViewerId{50}, .flags = 7});
    CHECK(stage.room.state() == before);
    stage.apply(Condition{.viewer = ada, .flags = 5});
    CHECK(stage.room.state().viewers.at(ada).condition == 5);
    stage.step();
    CHECK(stage.room.state().version == before.version);
}

TEST_CASE("what plugins share is part of the commit") {
    Stage stage;
    stage.step();
    const Version before = stage.room.state().version;
    const TableName table{.plugin = "host", .field = "host"};
    stage.room.shared().declare(table, Audience::everyone);
    stage.step();
    CHECK(stage.room.state().version == before);
    stage.room.shared().put(table, {}, Value{std::int64_t{1}});
    stage.step();
    CHECK(stage.room.state().version == Version{before.value + 1});
    stage.room.shared().withdraw(table);
    stage.step();
    CHECK(stage.room.state().version == Version{before.value + 2});
}
