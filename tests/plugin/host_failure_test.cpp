#include "host_stage.hpp"

#include <doctest/doctest.h>

#include <algorithm>

// What happens to a plugin that fails, and to the room meanwhile.
namespace playhead::test {
namespace {

const std::string failing_manifest =
    R"(grants = { "roles" }, shared = { n = { kind = "counter" }, v = { kind = "value", of = "int" } },
    saved = { s = { kind = "counter" } }, commands = { fail = {}, loop = {}, ok = {}, rule = {} })";
const std::string failing_code = R"(
    local since_start = 0
    P:on("started", function(room) P.shared.v = 1 end)
    P:command("fail", function(room, call) P.shared.n:add(1) error("broken") end)
    P:command("loop", function(room, call) P.shared.n:add(1) while true do pcall(function() while true do end end) end end)
    P:command("ok", function(room, call) since_start = since_start + 1 P.saved.s:add(1) return { since_start, P.saved.s:get() } end)
    P:command("rule", function(room) room:permit("playback.seek", { roles = { "owner" }, reason = "owners" }) end)
    P:decide("playback.pause", function() end)
    P:on_timer("t", function() P.shared.v = 2 end)
    P:on("join", function(room, event) if event.name == "Timer" then P:after(1, "t") end end)
)";

PluginText failing(const std::string& on_fail) {
    return {"bad", "on_fail = \"" + on_fail + "\", " + failing_manifest, failing_code};
}
const PluginText watcher{"watcher", "shared = { heard = { kind = \"value\", of = \"text\" } }",
                         R"(P:on("suspended", function(room, event) P.shared.heard = "suspended " .. event.plugin end)
                            P:on("resumed", function(room, event) P.shared.heard = "resumed " .. event.plugin end))"};

} // namespace

TEST_CASE("the fifth failure within a minute suspends a plugin in its room, visibly; then it starts afresh") {
    HostStage stage{{failing("open"), watcher}};
    const ViewerId ann = stage.join();
    stage.load();
    CHECK(*stage.command(ann, "bad", "ok").data.get_if<Value::List>() ==
          Value::List{Value{std::int64_t{1}}, Value{std::int64_t{1}}});
    for (int i = 0; i < 4; ++i) {
        const Outcome outcome = stage.command(ann, "bad", "fail");
        CHECK(outcome.error.code == ErrorCode::plugin_failed);
        CHECK(outcome.plugin == "bad");
        CHECK(!stage.suspended("bad"));
    }
    CHECK(stage.failures.size() == 1); // the same message is logged once
    CHECK(stage.failures.front() == "bad@1.0.0 command fail: bad/init.lua:5: broken");
    stage.command(ann, "bad", "fail");
    CHECK(stage.suspended("bad"));
    CHECK(stage.failed_with("bad@1.0.0 is suspended in this room for 30 s"));
    CHECK(stage.shared("watcher", "heard") == "\"suspended bad\"");
    REQUIRE(!stage.events.empty());
    CHECK(stage.events.back().plugin == "@engine");
    CHECK(stage.events.back().name == "suspended");
    CHECK(stage.events.back().to == Audience::moderators);
    CHECK(*stage.events.back().data.find("plugin") == Value{"bad"});

    const Outcome refused = stage.command(ann, "bad", "ok");
    CHECK(refused.reason == "suspended");
    CHECK(refused.error.retry_ms > 29'000);
    CHECK(stage.shared("bad", "v") == "1"); // frozen, but still there
    stage.seconds(30);
    CHECK(!stage.suspended("bad"));
    CHECK(stage.shared("watcher", "heard") == "\"resumed bad\"");
    // Lua's own variables began anew, saved state did not.
    CHECK(*stage.command(ann, "bad", "ok").data.get_if<Value::List>() ==
          Value::List{Value{std::int64_t{1}}, Value{std::int64_t{2}}});
}

TEST_CASE("a hook that uses up its instructions suspends its plugin at once, whatever it catches") {
    HostStage stage{{failing("open"), watcher}};
    const ViewerId ann = stage.join();
    CHECK(stage.command(ann, "bad", "loop").error.code == ErrorCode::plugin_failed);
    CHECK(stage.suspended("bad"));
    CHECK(stage.shared("bad", "n") == "nil");
    CHECK(stage.shared("watcher", "heard") == "\"suspended bad\"");
}

TEST_CASE("while a plugin is suspended on_fail says what its decides and its permission rules mean") {
    struct Row {
        const char* on_fail;
        Verdict pause, seek;
    };
    for (const Row& row :
         {Row{"open", Verdict::applied, Verdict::applied}, Row{"closed", Verdict::refused, Verdict::refused}}) {
        CAPTURE(row.on_fail);
        HostStage stage{{failing(row.on_fail)}};
        const ViewerId ann = stage.join();
        stage.load();
        stage.command(ann, "bad", "rule");
        CHECK(stage.act(ann, Play{}).verdict == Verdict::applied);
        CHECK(stage.act(ann, Seek{}).verdict == Verdict::refused);
        CHECK(stage.act(ann, Pause{}).verdict == Verdict::applied);

        stage.command(ann, "bad", "loop");
        CHECK(stage.act(ann, Play{}).verdict == Verdict::applied); // it never decided about that
        CHECK(stage.act(ann, Seek{}).verdict == row.seek);
        const Outcome paused = stage.act(ann, Pause{});
        CHECK(paused.verdict == row.pause);
        if (row.pause == Verdict::refused) {
            CHECK(paused.plugin == "bad");
            CHECK(paused.reason == "suspended");
        }
        stage.seconds(31);
        CHECK(stage.act(ann, Seek{}).verdict == Verdict::refused); // the rule is back as it was
        CHECK(stage.act(ann, Pause{}).verdict == Verdict::applied);
    }
}

TEST_CASE("timers of a suspended plugin wait for it, and cost nothing meanwhile") {
    HostStage stage{{failing("open")}};
    const ViewerId ann = stage.join("Timer");
    stage.command(ann, "bad", "loop");
    stage.seconds(2);
    CHECK(stage.shared("bad", "v") == "1");
    CHECK(stage.room.next_due(stage.tick)->number > stage.tick.number + 400);
    stage.seconds(29);
    CHECK(stage.shared("bad", "v") == "2");
}

TEST_CASE("a plugin whose init.lua fails is suspended from the start, with file and line; the others run") {
    HostStage stage{
        {{"bad", "shared = { n = { kind = \"counter\" } }", "P.shared.n:add(1)\nlocal x = nil\nx.y = 1"}, watcher}};
    stage.join();
    CHECK(stage.suspended("bad"));
    CHECK(stage.failed_with("bad@1.0.0 init.lua: bad/init.lua:4:"));
    CHECK(stage.shared("bad", "n") == "nil");
    CHECK(!stage.suspended("watcher"));
    stage.seconds(31);
    CHECK(stage.suspended("bad"));
    CHECK(stage.failures.size() >= 3);
    CHECK(stage.failed_with("for 60 s"));
}

TEST_CASE("a failing plugin harms no other: their hooks run and their state stands") {
    const PluginText good{"good", "shared = { n = { kind = \"counter\" } }, commands = { ok = {} }",
                          "P:on(\"join\", function() P.shared.n:add(1) end) P:command(\"ok\", function() return 1 end) "
                          "P:every(0.05, function() P.shared.n:add(1) end)"};
    const PluginText bad{"bad", "", R"(
        for _, event in ipairs({ "started", "join", "leave", "suspended" }) do P:on(event, function() error({}) end) end
        P:decide("good", function() error(nil) end) P:every(0.05, function() error(setmetatable({}, { __tostring = function() error("again") end })) end))"};
    HostStage stage{{bad, good}};
    const ViewerId ann = stage.join();
    CHECK(stage.command(ann, "good", "ok").verdict == Verdict::applied);
    stage.run(10);
    CHECK(stage.suspended("bad"));
    CHECK(!stage.suspended("good"));
    CHECK(stage.shared("good", "n") != "nil");
    CHECK(stage.failed_with("raised table as an error"));
}

TEST_CASE("figures count calls, errors and instructions of each hook, and memory and suspensions of each plugin") {
    PluginFigures figures;
    {
        HostStage stage{{failing("open")}, 7, PluginContext{&figures, nullptr, "r"}};
        const ViewerId ann = stage.join();
        for (int i = 0; i < 3; ++i) stage.command(ann, "bad", "ok");
        stage.command(ann, "bad", "fail");
        stage.command(ann, "bad", "loop");
        const PluginFigure& figure = figures.plugins.at("bad@1.0.0");
        CHECK(figure.hooks.at("command ok").calls == 3);
        CHECK(figure.hooks.at("command ok").errors == 0);
        CHECK(figure.hooks.at("command fail").errors == 1);
        CHECK(figure.hooks.at("command loop").instructions >= 190'000);
        CHECK(figure.hooks.at("load").calls == 1);
        CHECK(figure.rooms == 1);
        CHECK(figure.suspended_rooms == 1);
        CHECK(figure.suspensions_total == 1);
        CHECK(figure.memory_bytes > 1000);
        CHECK(figure.state_bytes > 100);
        CHECK(figures.lua_bytes > figure.memory_bytes);
        const auto hooks = stage.room.hooks();
        const auto ok = std::ranges::find(hooks, std::string{"ok"}, &HookCalls::name);
        REQUIRE(ok != hooks.end());
        CHECK(ok->calls == 3);
        CHECK(ok->kind == "command");
    }
    const PluginFigure& after = figures.plugins.at("bad@1.0.0");
    CHECK(after.rooms == 0);
    CHECK(after.suspended_rooms == 0);
    CHECK(after.memory_bytes == 0);
    CHECK(after.state_bytes == 0);
    CHECK(figures.lua_bytes == 0);
    CHECK(figures.lua_states == 0);
}

namespace {

// Gives every call so many looks before its time is up.
class CountedAllowance final : public TimeAllowance {
  public:
    int looks_left = 1'000'000;
    int depth = 0;
    Microseconds took{600};
    void begin() override { ++depth; }
    Microseconds end(std::int64_t) override {
        --depth;
        return took;
    }
    bool spent() override { return --looks_left < 0; }
};

} // namespace

TEST_CASE("time that is up ends the hook that runs and suspends its plugin; no other is begun in that tick") {
    PluginFigures figures;
    CountedAllowance time;
    HostStage stage{{failing("open"), watcher}, 7, PluginContext{&figures, &time, "r"}};
    const ViewerId ann = stage.join();
    CHECK(figures.plugins.at("bad@1.0.0").hooks.at("load").time.count() == 1);
    time.looks_left = 200;
    CHECK(stage.command(ann, "bad", "loop").error.code == ErrorCode::plugin_failed);
    CHECK(stage.failed_with("took too long"));
    CHECK(stage.suspended("bad"));
    CHECK(stage.shared("watcher", "heard") == "nil"); // it waits for a tick with time
    CHECK(stage.room.next_due(stage.tick) == stage.tick + 1);
    time.looks_left = 1'000'000;
    stage.step();
    CHECK(stage.shared("watcher", "heard") == "\"suspended bad\"");
    CHECK(time.depth == 0);
}

TEST_CASE("whoever took long and did little was held up by the machine; that is believed a few times in a row") {
    CountedAllowance time;
    HostStage stage{{{"one", "commands = { loop = {}, ok = {} }",
                      "P:command('loop', function() while true do end end) P:command('ok', function() return 1 end)"}},
                    7,
                    PluginContext{nullptr, &time, "r"}};
    const ViewerId ann = stage.join();
    const auto hurried = [&] {
        time.looks_left = 10; // some thousand instructions
        const ErrorCode code = stage.command(ann, "one", "loop").error.code;
        time.looks_left = 1'000'000;
        return code;
    };
    for (int i = 0; i < 3; ++i) CHECK(hurried() == ErrorCode::rate_limited);
    CHECK(stage.command(ann, "one", "ok").data == Value{std::int64_t{1}}); // ends the row
    for (int i = 0; i < 3; ++i) CHECK(hurried() == ErrorCode::rate_limited);
    CHECK(stage.failures.empty());
    CHECK(hurried() == ErrorCode::plugin_failed);
    CHECK(stage.suspended("one"));
}

TEST_CASE("a plugin whose loading the machine held up is loaded again") {
    struct Sluggish final : TimeAllowance {
        void begin() override { looks = 0; }
        Microseconds end(std::int64_t) override { return Microseconds{5000}; }
        bool spent() override { return ++looks > 1 && --delays > 0; }
        int looks = 0;
        int delays = 3;
    } time;
    const PluginText one{"one", "commands = { ok = {} }",
                         "for i = 1, 1000 do end P:command('ok', function() return 1 end)"};
    HostStage stage{{one}, 7, PluginContext{nullptr, &time, "r"}};
    const ViewerId ann = stage.join();
    CHECK(time.delays <= 0);
    CHECK_MESSAGE(stage.failures.empty(), stage.all_failures());
    CHECK(stage.command(ann, "one", "ok").data == Value{std::int64_t{1}});
    // Not for ever.
    time.delays = 1000;
    HostStage hopeless{{one}, 7, PluginContext{nullptr, &time, "r"}};
    hopeless.join();
    CHECK(hopeless.suspended("one"));
    CHECK(hopeless.failed_with("took too long"));
}

TEST_CASE("a command for which there is no time may be asked again on the next ticks, but not for ever") {
    CountedAllowance time;
    HostStage stage{{{"one", "commands = { go = { rate = { per_s = 1, burst = 1 } } }",
                      "P:command('go', function() for i = 1, 5000 do end return 1 end)"}},
                    7,
                    PluginContext{nullptr, &time, "r"}};
    Command command;
    command.viewer = stage.join();
    command.sequence = 1;
    command.action = PluginCommand{"one", "go", {}};
    command.due = stage.tick + 1;
    const auto asked = [&](int looks) {
        time.looks_left = looks;
        return *stage.step(command);
    };
    for (const int looks : {0, 5}) { // not begun, not ended
        const Outcome outcome = asked(looks);
        CHECK(outcome.undecided);
        CHECK(outcome.error.code == ErrorCode::rate_limited);
    }
    const Outcome done = asked(1'000'000);
    CHECK_MESSAGE(done.verdict == Verdict::applied, done.error.message);
    CHECK(done.data == Value{std::int64_t{1}});
    CHECK(asked(0) == done); // [R8] decided, once

    stage.run(20); // by its rate
    command.sequence = 2;
    command.due = stage.tick + 1;
    for (std::uint32_t ticks = 0; ticks < Command::patience_ticks; ++ticks) CHECK(asked(0).undecided);
    const Outcome refused = asked(0);
    CHECK_FALSE(refused.undecided);
    CHECK(refused.error.code == ErrorCode::rate_limited);
    CHECK(asked(1'000'000) == refused);
}

TEST_CASE("what a plugin asks of the room waits for time like what a viewer asks") {
    CountedAllowance time;
    HostStage stage{
        {{"asker",
          "grants = { 'playback' }, shared = { heard = { kind = 'value', of = 'text' } }, commands = { go = {} }",
          "P:command('go', function(room) room:set_rate(1.5) end) "
          "P:on('refused', function(room, event) P.shared.heard = event.code end)"},
         {"guard", "", "P:decide('playback.rate', function() for i = 1, 5000 do end end)"}},
        7,
        PluginContext{nullptr, &time, "r"}};
    const ViewerId ann = stage.join();
    const auto permille = [&] { return stage.room.state().motion.value().intent().rate.permille; };
    const auto go = [&](std::uint32_t sequence) {
        Command command;
        command.viewer = ann;
        command.sequence = sequence;
        command.action = PluginCommand{"asker", "go", {}};
        time.looks_left = 5; // for this, not for the guard
        return stage.step(command)->verdict;
    };
    CHECK(go(1) == Verdict::applied);
    CHECK(permille() == 1000);
    time.looks_left = 5;
    stage.step();
    CHECK(permille() == 1000);
    time.looks_left = 1'000'000;
    stage.step();
    CHECK(permille() == 1500);
    CHECK(stage.shared("asker", "heard") == "nil");
}

TEST_CASE("whoever has hardly begun when the time is up is not to blame: it is undone, and comes again") {
    CountedAllowance time;
    time.took = Microseconds{20};
    const std::string manifest = R"(on_fail = "closed", shared = { n = { kind = "counter" } }, commands = { go = {} })";
    const std::string work = " P.shared.n:add(1) for i = 1, 5000 do end ";
    HostStage stage{{{"one", manifest,
                      "P:on(\"renamed\", function()" + work + "end) P:command(\"go\", function()" + work +
                          "end) "
                          "P:on_timer(\"t\", function()" +
                          work +
                          "end) P:on(\"lost\", function() P:after(0.1, \"t\") end) "
                          "P:decide(\"playback.rate\", function()" +
                          work + "end)"}},
                    7,
                    PluginContext{nullptr, &time, "r"}};
    const ViewerId ann = stage.join();
    constexpr int few = 5; // looks: enough to begin, not to end
    const auto hurried = [&](const std::optional<Input>& input) {
        time.looks_left = few;
        const auto outcome = stage.step(input);
        CHECK(stage.shared("one", "n") == "nil");
        return outcome;
    };
    Command command;
    command.viewer = ann;
    command.sequence = 1;
    command.action = PluginCommand{"one", "go", {}};
    CHECK(hurried(command)->error.code == ErrorCode::rate_limited);
    command.sequence = 2;
    command.action = SetRate{Rate{1500}};
    CHECK(hurried(command)->error.code == ErrorCode::rate_limited);
    command.sequence = 3;
    command.action = SetName{"Anna"};
    CHECK(hurried(command)->verdict == Verdict::applied);
    CHECK(!stage.suspended("one"));
    CHECK(stage.failures.empty());
    time.looks_left = 1'000'000;
    stage.step();
    CHECK(stage.shared("one", "n") == "1"); // heard of the name
    stage.step(Disconnect{ann});
    time.looks_left = few;
    stage.run(3);
    CHECK(stage.shared("one", "n") == "1");
    CHECK(stage.room.plugin_state().timers.all().size() == 1);
    time.looks_left = 1'000'000;
    stage.step();
    CHECK(stage.shared("one", "n") == "2");
}

} // namespace playhead::test
