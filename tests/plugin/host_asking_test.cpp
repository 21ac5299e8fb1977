#include "host_stage.hpp"

#include <doctest/doctest.h>

// What plugins offer and ask for: commands, signals, permissions, events, queued actions.
namespace playhead::test {
namespace {

constexpr std::uint32_t owner = 1;
constexpr std::uint32_t moderator = 2;

// A plugin with one command `go` whose body is given.
PluginText going(const std::string& manifest, const std::string& body, const std::string& name = "one") {
    return {name, manifest + ", commands = { go = {} }", "P:command(\"go\", function(room, call) " + body + " end)"};
}

} // namespace

TEST_CASE("a command is checked in C++ before its plugin hears of it: name, arguments, permission, rate") {
    const PluginText plugin{
        "one",
        R"(shared = { n = { kind = "counter" } }, permissions = { ["one.say"] = "say" },
                               commands = { say = { args = { text = "text:1..5", to = { type = "map", key = "viewer", of = "bool", optional = true } },
                                                    permission = "one.say", rate = { per_s = 1, burst = 2 } },
                                            open = { args = {} }, silent = {} })",
        R"(P:on("started", function(room) room:permit("one.say", { roles = "anyone", except = { "muted" }, reason = "you are muted" }) end)
                               P:command("say", function(room, call)
                                 P.shared.n:add(1)
                                 local to = ""
                                 for viewer in pairs(call.args.to or {}) do to = to .. math.type(viewer) .. viewer end
                                 return { text = call.args.text, to = to, viewer = call.viewer, owner = call.roles.owner }
                               end)
                               P:command("open", function(room, call) return nil end))"};
    HostStage stage{{plugin}};
    const ViewerId ann = stage.join("Ann", owner);
    const ViewerId bob = stage.join("Bob", 32);
    const auto say = [&](ViewerId viewer, Value args) { return stage.command(viewer, "one", "say", std::move(args)); };
    const Value good = map_of({{"text", Value{"hello"}}});

    CHECK(stage.command(ann, "none", "say").error.code == ErrorCode::unknown_command);
    const Outcome misspelt = stage.command(ann, "one", "sya");
    CHECK(misspelt.error.code == ErrorCode::unknown_command);
    CHECK(misspelt.error.message.contains("say"));
    CHECK(stage.command(ann, "one", "silent").error.code == ErrorCode::unknown_command);
    CHECK(say(ann, {}).error.code == ErrorCode::malformed);
    CHECK(say(ann, map_of({{"text", Value{"hello!"}}})).error.message ==
          "args.text: expected text of 1 to 5 characters, got 6");
    CHECK(say(ann, map_of({{"text", Value{"x"}}, {"tixt", Value{"x"}}})).error.code == ErrorCode::malformed);
    CHECK(say(ann, Value{5}).error.code == ErrorCode::malformed);
    const Outcome muted = say(bob, good);
    CHECK(muted.error.code == ErrorCode::denied);
    CHECK(muted.error.message == "you are muted");
    CHECK(muted.plugin == "one");
    CHECK(*muted.data.find("permission") == Value{"one.say"});
    CHECK(stage.shared("one", "n") == "nil"); // Lua was not entered

    const Outcome said = say(ann, map_of({{"text", Value{"hello"}}, {"to", map_of({{"7", Value{true}}})}}));
    CHECK(said.verdict == Verdict::applied);
    CHECK(to_lua(said.data) == to_lua(map_of({{"owner", Value{true}},
                                              {"text", Value{"hello"}},
                                              {"to", Value{"integer7"}},
                                              {"viewer", Value{std::int64_t{1}}}})));
    CHECK(say(ann, good).verdict == Verdict::applied);
    const Outcome fast = say(ann, good);
    CHECK(fast.error.code == ErrorCode::rate_limited);
    CHECK(fast.error.retry_ms > 800);
    CHECK(fast.error.retry_ms <= 1000);
    stage.seconds(1);
    CHECK(say(ann, good).verdict == Verdict::applied);
    CHECK(stage.command(ann, "one", "open").data.is_nil());
    CHECK(stage.command(ann, "one", "open", Value{Value::List{}}).verdict ==
          Verdict::applied); // an empty table is both
}

TEST_CASE("a command sent again is answered as before and runs once") {
    HostStage stage{{going("shared = { n = { kind = \"counter\" } }", "P.shared.n:add(1) return P.shared.n:get()")}};
    const ViewerId ann = stage.join();
    Command command;
    command.viewer = ann;
    command.sequence = 1;
    command.action = PluginCommand{"one", "go", {}};
    CHECK(stage.step(command)->data == Value{std::int64_t{1}});
    CHECK(stage.step(command)->data == Value{std::int64_t{1}});
    CHECK(stage.shared("one", "n") == "1");
}

TEST_CASE("a command is subject to others' decides, and what its hook denies is refused with its own words") {
    HostStage stage{
        {going("shared = { n = { kind = \"counter\" } }", "P.shared.n:add(1) return P.deny(\"own\", \"own words\")",
               "one"),
         {"two", "",
          "P:decide(\"one\", function(room, ask) if ask.roles.owner then return P.deny(\"other\") end end)"}}};
    CHECK(stage.command(stage.join("Ann", owner), "one", "go").plugin == "two");
    const Outcome outcome = stage.command(stage.join(), "one", "go");
    CHECK(outcome.plugin == "one");
    CHECK(outcome.error.message == "own words");
    CHECK(stage.shared("one", "n") == "1"); // a denial is no failure: what the hook wrote stands
}

TEST_CASE("a result has to be data that may travel") {
    for (const char* body : {"return P.deny", "return { [1] = 1, x = 2 }", "return ('x'):rep(8200)", "return 0/0",
                             "local t = {} t.t = t return t", "return '\\255'"}) {
        CAPTURE(body);
        HostStage stage{{going("shared = { n = { kind = \"counter\" } }", "P.shared.n:add(1) " + std::string{body})}};
        CHECK(stage.command(stage.join(), "one", "go").error.code == ErrorCode::plugin_failed);
        CHECK(stage.shared("one", "n") == "nil");
    }
}

TEST_CASE("a signal that is not as declared, comes too often or from nobody is dropped without a word") {
    HostStage stage{{{"one", R"(shared = { n = { kind = "counter" } },
                        signals = { move = { args = { x = "number:0..1" }, rate = { per_s = 1, burst = 2 } } })",
                      "P:signal(\"move\", function(room, call) P.shared.n:add(1) end)"}}};
    const ViewerId ann = stage.join();
    const Value good = map_of({{"x", Value{0.5}}});
    stage.signal(ann, "one", "move", map_of({{"x", Value{2.0}}}));
    stage.signal(ann, "one", "mvoe", good);
    stage.signal(ann, "none", "move", good);
    stage.signal(ViewerId{99}, "one", "move", good);
    CHECK(stage.shared("one", "n") == "nil");
    for (int i = 0; i < 5; ++i) stage.signal(ann, "one", "move", good);
    CHECK(stage.shared("one", "n") == "2");
    CHECK(stage.failures.empty());
}

TEST_CASE("events are of the declared type, go to their audience or to one viewer, and are bounded") {
    const std::string manifest =
        R"(events = { burst = { of = "int:0..9", lossy = true, to = "moderators" }, big = { of = "text" } })";
    HostStage stage{{going(manifest, "P:emit('burst', 5) P:emit('big', 'x', call.viewer) P:emit('big', 'x', 99)")}};
    const ViewerId ann = stage.join();
    stage.command(ann, "one", "go");
    REQUIRE(stage.events.size() == 2);
    CHECK(stage.events[0].name == "burst");
    CHECK(stage.events[0].to == Audience::moderators);
    CHECK(stage.events[0].lossy);
    CHECK(stage.events[0].tick == stage.tick);
    CHECK(stage.events[1].only == ann);

    for (const auto& [body, message] : std::vector<std::pair<std::string, std::string>>{
             {"P:emit('burst', 10)", "P:emit: burst: expected an integer from 0 to 9"},
             {"P:emit('brust', 1)", "burst"},
             {"P:emit('burst', print)", "expected"},
             {"P:emit('burst', 1, 0)", "no viewer's id"},
             {"for n = 1, 5 do P:emit('big', ('x'):rep(4000)) end", "16 KiB"}}) {
        CAPTURE(body);
        HostStage other{{going(manifest, body)}};
        CHECK(other.command(other.join(), "one", "go").error.code == ErrorCode::plugin_failed);
        CAPTURE(other.all_failures());
        CHECK(other.failed_with(message));
        CHECK(other.events.empty());
    }
}

TEST_CASE("what a hook asks the room for happens later in the same tick, and others decide on it") {
    const std::string grants = "grants = { \"playback\", \"roles\", \"kick\", \"ban\", \"commands\" }";
    const PluginText acting = going(grants, R"(
        room:load({ url = "/media/next.mp4", title = "Next", kind = "file", start_s = 2.5, play = true })
        room:set_rate(1.5) room:seek(7.25)
        assert(not room.media)
        room:grant(call.viewer, "host")
        assert(not room:has(call.viewer, "host"))
        room:kick(9, "bye") room:ban(8, 60, "out") room:unban("Bob") room:unban(8))");
    HostStage stage{{acting}};
    const ViewerId ann = stage.join();
    CHECK(stage.command(ann, "one", "go").verdict == Verdict::applied);
    CAPTURE(stage.all_failures());
    CHECK(stage.room.state().media.value().title == "Next");
    CHECK(stage.room.state().motion.value().current.anchor_position == MediaTime{7'250'000});
    CHECK(stage.room.state().motion.value().intent().rate == Rate{1500});
    CHECK(stage.playing());
    CHECK(stage.room.state().viewers.at(ann).roles == 4);
    CHECK(stage.requests == std::vector<PluginRequestOut>{Kick{ViewerId{9}, "one", "bye"},
                                                          Ban{ViewerId{8}, 60, "one", "out"}, Unban{"Bob", "one"},
                                                          Unban{"8", "one"}});

    SUBCASE("a denial is told to whoever asked, and to nobody else") {
        const std::string hear = "P:on(\"refused\", function(room, event) P.shared.why = event.topic .. \" \" .. "
                                 "event.code .. \" \" .. event.reason .. \" \" .. event.by end)";
        HostStage denying{
            {{"one",
              "grants = { \"playback\" }, commands = { go = {} }, shared = { why = { kind = \"value\", of = \"text\" } "
              "}",
              "P:command(\"go\", function(room) room:pause() end) " + hear},
             {"two",
              "shared = { why = { kind = \"value\", of = \"text\" }, who = { kind = \"value\", of = \"text\" } }",
              "P:decide(\"playback\", function(room, ask) if ask.plugin then P.shared.who = ask.plugin .. "
              "tostring(ask.viewer) return P.deny(\"never\") end end) " +
                  hear}}};
        const ViewerId bob = denying.join();
        denying.load();
        denying.act(bob, Play{});
        denying.command(bob, "one", "go");
        CHECK(denying.playing());
        CHECK(denying.shared("one", "why") == "\"playback.pause denied never two\"");
        CHECK(denying.shared("two", "why") == "nil");
        CHECK(denying.shared("two", "who") == "\"onenil\"");
    }
}

TEST_CASE("a plugin acts after what it has heard of, so that a viewer's action of the same tick does not win") {
    HostStage stage{{{"one", "grants = { \"playback\" }", "P:on(\"played\", function(room) room:pause() end)"}}};
    const ViewerId ann = stage.join();
    stage.load();
    Command play;
    play.viewer = ann;
    play.sequence = 1;
    play.media = stage.room.state().media.value().instance;
    play.issued.physical = TickLength{}.start_of(stage.tick + 1) + Microseconds{40'000}; // the tick came late
    play.action = Play{};
    CHECK(stage.step(play)->verdict == Verdict::applied);
    CHECK(!stage.playing());
}

TEST_CASE("what a plugin was not granted is refused by name, and wrong arguments at the line that has them") {
    struct Mistake {
        const char* manifest;
        const char* body;
        const char* message;
    };
    const char* all = "grants = { \"playback\", \"roles\", \"kick\", \"ban\", \"commands\", \"wall_time\" }";
    const Mistake table[] = {
        {"grants = {}", "room:pause()", "room:pause needs grants = { \"playback\" }"},
        {"grants = {}", "room:load({ url = '/x' })", "playback"},
        {"grants = {}", "room:kick(1)", "\"kick\""},
        {"grants = {}", "room:ban(1, 5)", "\"ban\""},
        {"grants = {}", "room:grant(1, 'host')", "\"roles\""},
        {"grants = {}", "room:permit('playback', nil)", "\"roles\""},
        {"grants = {}", "room:command('one', 'go')", "\"commands\""},
        {"grants = {}", "room:wall_s()", "\"wall_time\""},
        {all, "room:seek(-1)", "0 or more"},
        {all, "room:seek('x')", "number expected"},
        {all, "room:set_rate(3)", "0.25 to 2"},
        {all, "room:load({})", "room:load.url"},
        {all, "room:load({ url = '/x', kind = 'flv' })", "one of"},
        {all, "room:grant(1, 'king')", "no role \"king\""},
        {all, "room:grant('x', 'host')", "number expected"},
        {all, "room:permit('x', {})", "expected a rule"},
        {all, "room:permit('x', { except = { 'muted' } })", "a rule says roles"},
        {all, "room:permit('x', { roles = { 'king' } })", "list of roles"},
        {all, "room:permit('x', { roles = 'anyone', raeson = '' })", "reason"},
        {all, "room:command('two', 'go')", "no plugin \"two\""},
        {all, "room:command('one', 'og')", "go"},
        {all, "room:command('one', 'go', { x = 1 })", "one.go"},
        {all, "room:has(1, 'king')", "expected owner"},
        {all, "room:pausee()", "pause"},
        {all, "return room.positon_s", "position_s"},
        {all, "room.tick = 5", "read only"},
        {all, "room:random(5, 1)", "no integer"},
        {all, "for n = 1, 65 do room:pause() end", "at most 64 actions"},
        {all, "for n = 1, 17 do room:log('x') end", "at most 16 lines"},
    };
    for (const Mistake& row : table) {
        CAPTURE(row.body);
        HostStage stage{{going(row.manifest, row.body)}};
        CHECK(stage.command(stage.join(), "one", "go").error.code == ErrorCode::plugin_failed);
        CAPTURE(stage.all_failures());
        CHECK(stage.failed_with(row.message));
        CHECK(stage.failed_with("one/init.lua:2: "));
    }
}

TEST_CASE("permission rules of plugins stand in the replicated table and bind viewers, not plugins") {
    HostStage stage{
        {{"one", "grants = { \"roles\", \"playback\" }, commands = { rule = {}, lift = {}, play = {}, may = {} }",
          R"(P:command("rule", function(room) room:permit("playback", { roles = { "host", "moderator" }, except = { "muted" }, reason = "only the host" }) end)
                         P:command("lift", function(room) room:permit("playback", nil) end)
                         P:command("play", function(room) room:play() end)
                         P:command("may", function(room, call) return { room:may(call.viewer, "playback.seek") } end))"}}};
    const ViewerId ann = stage.join("Ann", moderator);
    const ViewerId bob = stage.join("Bob");
    stage.load();
    CHECK(stage.command(bob, "one", "may").data == Value{Value::List{Value{true}}});
    stage.command(ann, "one", "rule");
    const Outcome refused = stage.act(bob, Play{});
    CHECK(refused.error.code == ErrorCode::denied);
    CHECK(refused.error.message == "only the host");
    CHECK(refused.plugin == "one");
    CHECK(stage.command(bob, "one", "may").data == Value{Value::List{Value{false}, Value{"only the host"}}});
    stage.command(bob, "one", "play");
    CHECK(stage.playing());
    CHECK(stage.act(ann, Pause{}).verdict == Verdict::applied);
    stage.command(ann, "one", "lift");
    CHECK(stage.act(bob, Play{}).verdict == Verdict::applied);
    CHECK(stage.room.state().shared.find({"one", "@permissions"})->entries().empty());
}

TEST_CASE("a plugin's command runs another's without permission or rate, as that plugin, with checked arguments") {
    HostStage stage{
        {{"one", "after = { \"two\" }, grants = { \"commands\" }, commands = { go = {} }",
          "P:command(\"go\", function(room) for n = 1, 3 do room:command(\"two\", \"note\", { n = n }) end end)"},
         {"two", R"(permissions = { ["two.note"] = "x" }, shared = { log = { kind = "ring", size = 9, of = "text" } },
                        commands = { note = { args = { n = "int" }, permission = "two.note", rate = { per_s = 0.1, burst = 1 } } })",
          R"(P:on("started", function(room) room:permit("two.note", { roles = { "owner" } }) end)
                         P:command("note", function(room, call) P.shared.log:push(call.plugin .. tostring(call.viewer) .. call.args.n) end))"}}};
    const ViewerId ann = stage.join();
    CHECK(stage.command(ann, "two", "note", map_of({{"n", Value{std::int64_t{1}}}})).error.code == ErrorCode::denied);
    stage.command(ann, "one", "go");
    CHECK(stage.shared("two", "log", 1) == "\"onenil1\"");
    CHECK(stage.shared("two", "log", 3) == "\"onenil3\"");
}

TEST_CASE("what actions cause may cause actions again, four deep") {
    // Each pause leads to a play and each play to a pause.
    HostStage stage{{{"one", "grants = { \"playback\" }, shared = { n = { kind = \"counter\" } }",
                      R"(P:on("played", function(room) P.shared.n:add(1) room:pause() end)
                         P:on("paused", function(room) P.shared.n:add(1) room:play() end))"}}};
    const ViewerId ann = stage.join();
    stage.load();
    stage.act(ann, Play{});
    CHECK(stage.shared("one", "n") == "4"); // the fifth failed, and was undone
    CHECK(stage.failed_with("4 deep"));
}

} // namespace playhead::test
