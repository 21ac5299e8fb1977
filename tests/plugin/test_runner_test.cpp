// The runner behind `playhead test`: plugins that are right pass, and everything that is wrong is told with its place.
#include "plugin/test_follower.hpp"
#include "plugin/test_runner.hpp"
#include "room/room.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace playhead;

namespace {

PluginSource plugin(std::string manifest, std::string code, std::string test, const std::string& name = "demo") {
    return {.name = name,
            .manifest = "return { name = \"" + name + "\", version = \"1.0.0\", api = 1, " + std::move(manifest) + "}",
            .code = "local P = ...\n" + std::move(code),
            .test = "local T = ...\n" + std::move(test),
            .manifest_path = name + "/plugin.lua",
            .code_path = name + "/init.lua",
            .test_path = name + "/test.lua"};
}

std::expected<PluginSource, std::string> nobody(std::string_view name) {
    return std::unexpected("there is no plugin called " + std::string{name});
}

PluginTestReport run(std::string manifest, std::string code, std::string test) {
    return run_plugin_tests(plugin(std::move(manifest), std::move(code), std::move(test)), nobody);
}

// The one failure of the one test there is.
std::string failure(const PluginTestReport& report) {
    REQUIRE_MESSAGE(report.cases.size() == 1, report.text);
    REQUIRE_MESSAGE(!report.cases.front().failures.empty(), report.text);
    return report.cases.front().failures.front();
}

constexpr const char* counting =
    "shared = { n = { kind = \"counter\" } }, commands = { add = { args = { n = \"int\" } }, never = {} }, ";
constexpr const char* counting_code = R"(
P:command("add", function(room, call) P.shared.n:add(call.args.n) return P.shared.n:get() end)
P:command("never", function(room, call) end)
P:on("leave", function(room, event) end)
)";

} // namespace

TEST_CASE("a plugin that does what its tests say passes") {
    const auto report = run(counting, counting_code, R"(
T.test("it counts", function()
    local r = T.room{ plugins = { demo = {} } }
    local a, b = r:join{ name = "Ann" }, r:join{ name = "Bob" }
    T.eq(a:command("demo", "add", { n = 2 }).data, 2)
    T.eq(b:command("demo", "add", { n = 3 }).data, 5)
    T.eq(r.shared.demo.n, 5)
end)
T.test("every room begins anew", function()
    T.eq(T.room{ plugins = { demo = {} } }.shared.demo.n, 0)
end))");
    CHECK_MESSAGE(report.failed == 0, report.text);
    CHECK(report.passed == 2);
    CHECK(report.text.contains("  ok    it counts\n"));
}

TEST_CASE("what no test made run is named") {
    const auto report = run(counting, counting_code, R"(
T.test("it counts", function()
    T.room{ plugins = { demo = {} } }:join{}:command("demo", "add", { n = 1 })
end))");
    CHECK(report.registered == 3);
    CHECK(report.never_ran == std::vector<std::string>{"command never", "on leave"});
    CHECK(report.text.contains("1 of 3 hooks ran; never: command never, on leave"));
}

TEST_CASE("a comparison that fails says where, in the test and in the values") {
    const auto report = run("", "", R"(
T.test("two differ", function()
    T.eq({ list = { 1, { name = "Ann", age = 5 } }, ["odd key"] = true, same = "x" },
         { list = { 1, { name = "Bob" } }, same = "x", more = {} }, "the table")
end))");
    CHECK(report.failed == 1);
    const std::string text = failure(report);
    CHECK(text.starts_with("demo/test.lua:"));
    CHECK(text.contains(": the table: "));
    CHECK(text.contains("list[2].age: got 5, want nothing"));
    CHECK(text.contains("list[2].name: got \"Ann\", want \"Bob\""));
    CHECK(text.contains("[\"odd key\"]: got true, want nothing"));
    CHECK(text.contains("more: got nothing, want {}"));
    CHECK(!text.contains("same"));
}

TEST_CASE("of many differences the first are told") {
    const auto report = run("", "", R"(
T.test("many differ", function()
    local got, want = {}, {}
    for i = 1, 100 do got[i], want[i] = i, -i end
    T.eq(got, want)
end))");
    const std::string text = failure(report);
    CHECK(text.contains("[1]: got 1, want -1"));
    CHECK(text.contains("... and more"));
    CHECK(std::ranges::count(text, '\n') < 10);
}

TEST_CASE("an assertion in a helper function names the line it stands in, or its caller's where Lua keeps no other") {
    const auto report = run("", "", R"(
local function check(value)
    T.ok(value, "the value")
    return value
end
T.test("it calls a helper", function()
    check(false)
end))");
    CHECK(failure(report) == "demo/test.lua:4: the value: got false, want something true");
    const auto tail = run("", "", R"(
local function check(value)
    return T.ok(value, "the value")
end
T.test("it calls a helper", function()
    check(false)
end))");
    CHECK(failure(tail) == "demo/test.lua:7: the value: got false, want something true");
}

TEST_CASE("a reply that is refused is not ok") {
    const auto report = run("", R"(P:decide("playback.play", function() return P.deny("never", "Not today") end))", R"(
T.test("it plays", function()
    local r = T.room{ plugins = { demo = {} }, media = {} }
    T.ok(r:join{}:play())
end))");
    CHECK(failure(report).contains("reason = \"never\""));
    CHECK(failure(report).contains("want an applied command"));
}

TEST_CASE("a test that loops for ever fails alone") {
    const auto report = run("", "", R"(
T.test("it loops", function()
    while true do pcall(function() while true do end end) end
end)
T.test("it does not", function() T.eq(1, 1) end))");
    REQUIRE(report.cases.size() == 2);
    CHECK(report.passed == 1);
    CHECK(report.cases[0].failures.front().contains("instructions"));
    CHECK(report.cases[1].failures.empty());
}

TEST_CASE("a plugin's failure that the test did not ask for fails the test") {
    const char* breaks = R"(P:on("join", function(room, event) error("oh no") end))";
    const auto report = run("", breaks, R"(
T.test("somebody joins", function() T.room{ plugins = { demo = {} } }:join{} end))");
    CHECK(failure(report).contains("oh no"));
    CHECK(failure(report).contains("demo/init.lua:2"));
    const auto asked = run("", breaks, R"(
T.test("somebody joins", function()
    local r = T.room{ plugins = { demo = {} } }
    r:join{}
    T.ok(r:errors()[1].message:find("oh no"))
    T.eq(r:errors(), {})
end))");
    CHECK_MESSAGE(asked.failed == 0, asked.text);
}

TEST_CASE("a plugin is found beside the tested one, and a missing one is named") {
    const PluginSource other = plugin("shared = { x = { kind = \"value\", of = \"int\" } }, ",
                                      "P:on(\"started\", function() P.shared.x = 4 end)", "", "other");
    const auto find = [&](std::string_view name) -> std::expected<PluginSource, std::string> {
        if (name == "other") return other;
        return nobody(name);
    };
    const auto report = run_plugin_tests(plugin("", "", R"(
T.test("both are there", function()
    T.eq(T.room{ plugins = { demo = {}, other = {} } }.shared.other.x, 4)
end)
T.test("one is not", function()
    T.error(function() T.room{ plugins = { absent = {} } } end, "no plugin called absent")
end))"),
                                         find);
    CHECK_MESSAGE(report.failed == 0, report.text);
}

TEST_CASE("mistakes in a test are told in its own terms") {
    const auto report = run("shared = { n = { kind = \"counter\" } }, ", "", R"(
local function refuses(pattern, f) T.error(f, pattern) end
T.test("mistakes", function()
    local r = T.room{ plugins = { demo = {} } }
    local a = r:join{ name = "Ann" }
    refuses("T.room.plugin", function() T.room{ plugin = { demo = {} } } end)
    refuses("duration_s", function() T.room{ media = { duration_s = "long" } } end)
    refuses("did you mean roles", function() r:join{ role = "owner" } end)
    refuses("moderator", function() r:join{ roles = { "king" } } end)
    refuses(":run.seconds", function() r:run("long") end)
    refuses(":seek.position_s", function() a:seek() end)
    refuses("has no field \"playin\"", function() return r.playin end)
    refuses("has no field", function() a:jump() end)
    refuses("cannot be set", function() r.playing = true end)
    refuses("no viewer 77", function() r:viewer(77) return r.shared end) -- not an error: nobody is there
end))");
    CHECK(failure(report).contains("got no error, want one like \"no viewer 77\""));
    const auto gone = run("", "", R"(
T.test("who has left does nothing", function()
    local a = T.room{ plugins = { demo = {} } }:join{ name = "Ann" }
    a:leave()
    a:play()
end))");
    CHECK(failure(gone) == "demo/test.lua:6: Ann is no longer here: left");
}

TEST_CASE("a room of an earlier test cannot be used") {
    const auto report = run("", "", R"(
local kept
T.test("first", function() kept = T.room{ plugins = { demo = {} } } end)
T.test("second", function() kept:ticks(1) end))");
    CHECK(report.passed == 1);
    CHECK(report.cases[1].failures.front().contains("every test opens its own"));
}

TEST_CASE("a test.lua that does not load is one failure with its line") {
    const auto report = run("", "", "T.test(\"x\", function( end)");
    CHECK(report.failed == 1);
    CHECK(report.passed == 0);
    REQUIRE(report.problems.size() == 1);
    CHECK(report.problems.front().starts_with("demo/test.lua:2:"));
    CHECK(run("", "", "error(\"at once\")").problems.front() == "demo/test.lua:2: at once");
}

TEST_CASE("a test.lua without tests is a failure") {
    const auto report = run("", "", "");
    CHECK(report.failed == 1);
    CHECK(report.problems.front().contains("there are no tests"));
}

TEST_CASE("two tests of one name are refused") {
    const auto report = run("", "", "T.test(\"x\", function() end)\nT.test(\"x\", function() end)");
    CHECK(report.problems.front() == "demo/test.lua:3: there are two tests called \"x\"");
}

TEST_CASE("a broken manifest is told by the room that wants it, every mistake of it") {
    const auto report = run("shared = { n = { kind = \"conter\" } }, setings = {}, ", "", R"(
T.test("it opens", function() T.room{ plugins = { demo = {} } } end))");
    CHECK(failure(report).starts_with("demo/test.lua:3: T.room: "));
    CHECK(failure(report).contains("counter"));
    CHECK(failure(report).contains("settings"));
}

TEST_CASE("a reload that is refused leaves the room with what it had, for the next reload too") {
    const auto report = run("shared = { n = { kind = \"value\", of = \"int\" } }, ",
                            "P:on(\"started\", function() P.shared.n = 1 end)", R"(
T.test("reloads", function()
    local r = T.room{ plugins = { demo = {} } }
    local ok, why = r:reload{ sources = { demo = { code = [[error("broken")]] } } }
    T.eq(ok, false)
    T.ok(why:find("broken", 1, true), why)
    T.ok(r:reload())
    T.ok(r:reload{ sources = { demo = { code = [[local P = ... P:on("started", function() P.shared.n = 2 end)]] } } })
    T.eq(r.shared.demo.n, 2)
    T.ok(r:reload{ plugins = {} })
    T.eq(r.shared.demo, nil)
    T.error(function() r:reload{ sources = { demo = { cod = "" } } } end, "sources.demo: expected a table with manifest")
end))");
    CHECK_MESSAGE(report.failed == 0, report.text);
}

TEST_CASE("each audience sees its own") {
    const auto report =
        run("shared = { open = { kind = \"value\", of = \"int\" }, secret = { kind = \"value\", of = \"int\", to = "
            "\"moderators\" }, "
            "own = { kind = \"set\", key = \"int\", to = \"owner\" } }, ",
            "P:on(\"join\", function(room, event) P.shared.open = 1 P.shared.secret = 2 P.shared.own[3] = true end)",
            R"(
T.test("who sees what", function()
    local r = T.room{ plugins = { demo = {} } }
    local owner, host, guest = r:join{ roles = { "owner" } }, r:join{ roles = { "host" } }, r:join{}
    T.eq(r.shared.demo, { open = 1, secret = 2, own = { [3] = true } })
    T.eq(owner.shared.demo, r.shared.demo)
    T.eq(host.shared.demo, { open = 1, secret = 2, own = {} })
    T.eq(guest.shared.demo, { open = 1, own = {} })
end))");
    CHECK_MESSAGE(report.failed == 0, report.text);
}

TEST_CASE("a late joiner who would see otherwise than those present is a fault") {
    Room room{Epoch{1}, RoomInfo{.title = "before", .listed = false}, TickLength{}};
    room.commit();
    TestFollower follower;
    follower.follow(room.state(), Tick{1});
    room.apply(Join{.viewer = ViewerId{1}, .name = "Ann"}, Tick{2}, Lead{});
    room.commit();
    follower.follow(room.state(), Tick{2});

    RoomState tampered = room.state();
    tampered.info.set(RoomInfo{.title = "changed without a version", .listed = false});
    const auto faults = follower.faults(tampered);
    REQUIRE(faults.size() == 3); // one for each audience
    CHECK(faults.front().contains("a viewer of the audience \"everyone\" could not join now"));
}

TEST_CASE("a late joiner who sees the same as those present is no fault") {
    Room room{Epoch{1}, RoomInfo{.title = "a room", .listed = false}, TickLength{}};
    room.commit();
    TestFollower follower;
    follower.follow(room.state(), Tick{1});
    room.apply(Join{.viewer = ViewerId{1}, .name = "Ann"}, Tick{2}, Lead{});
    room.commit();
    follower.follow(room.state(), Tick{2});
    CHECK(follower.faults(room.state()).empty());
    CHECK(follower.seen_by(Audience::owner).viewer_count() == 1);
}

TEST_CASE("a present viewer who cannot follow is a fault") {
    Room room{Epoch{1}, RoomInfo{}, TickLength{}};
    room.commit();
    RoomState state = room.state();
    TestFollower follower;
    follower.follow(state, Tick{1});
    state.info.set(RoomInfo{.title = "of no version", .listed = false});
    state.version = Version{state.version.value + 1}; // as if it had been committed
    follower.follow(state, Tick{2});
    const auto faults = follower.faults(state);
    CHECK(!faults.empty());
}

TEST_CASE("the same sources give the same report") {
    const auto once = [] {
        return run("shared = { n = { kind = \"value\", of = \"number\" } }, ",
                   "P:every(1, function(room) P.shared.n = room:random() end)", R"(
T.test("chance", function()
    local r = T.room{ plugins = { demo = {} } }
    r:run(10)
    T.eq(r.shared.demo.n, 0)
end))")
            .text;
    };
    CHECK(once() == once());
    CHECK(once().contains("got 0."));
}

TEST_CASE("the last line is the one that counts are read from") { CHECK(test_summary(12, 3) == "12 passed, 3 failed"); }
