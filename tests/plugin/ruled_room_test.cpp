#include "host_stage.hpp"
#include "plugin/lua_sandbox.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <random>

// The whole: the same inputs give the same bytes, a room without plugins is a Room, and hostile plugins hurt nobody.
namespace playhead::test {
namespace {

// Something of everything: chance, order of keys, timers, queued actions, events.
PluginText busy_plugin(const std::string& name) {
    return {name,
            R"(grants = { "playback", "commands", "roles" },
               shared = { log = { kind = "ring", size = 20, of = "text" }, m = { kind = "map", key = "text", of = "int", size = 50 },
                          l = { kind = "list", of = "int", size = 20 } },
               events = { e = { of = "any" } }, commands = { go = { args = { n = "int" }, rate = { per_s = 2, burst = 3 } } },
               signals = { s = { args = {}, rate = { per_s = 5, burst = 5 } } })",
            R"(local own = {}
               P:command("go", function(room, call)
                 own["k" .. call.args.n] = room:random(100)
                 for key, value in pairs(own) do P.shared.log:push(key .. value) end
                 P.shared.m["k" .. call.args.n % 50] = room:random(1000)
                 if #P.shared.l < 20 then P.shared.l:add(call.args.n, room:random(#P.shared.l + 1)) end
                 P:after(room:random() * 3, "t", own)
                 P:emit("e", own)
                 if call.args.n % 7 == 0 then error("seven") end
                 if call.args.n % 31 == 0 then while true do end end
                 if room:random(3) == 1 then room:pause() elseif room:random(2) == 1 then room:seek(room:random(100)) end
               end)
               P:on_timer("t", function(room, data) for key, value in pairs(data) do P.shared.log:push(key) end room:play() end)
               P:every(0.7, function(room, missed) P.shared.m.missed = missed end)
               P:signal("s", function(room, call) P.shared.m.signal = room:random(9) end)
               P:on("join", function(room, event) room:grant(event.viewer, "member") end)
               P:decide("playback.seek", function(room, ask) if room:random(4) == 1 then return P.deny("chance") end end)
               P:transform("viewer.name", function(room, name) return name .. room:random(9) end))"};
}

// A room and all it said, for comparing.
struct Run {
    HostStage stage{{busy_plugin("one"), busy_plugin("two")}, 42};
    std::vector<Outcome> outcomes;

    void go(std::uint64_t seed, int steps) {
        std::mt19937_64 random{seed};
        std::vector<ViewerId> viewers{stage.join("Ann", 1)};
        stage.load(60);
        for (int i = 0; i < steps; ++i) {
            const ViewerId viewer = viewers[random() % viewers.size()];
            const std::string plugin = random() % 2 == 0 ? "one" : "two";
            switch (random() % 8) {
            case 0: viewers.push_back(stage.join("Guest")); break;
            case 1: outcomes.push_back(stage.act(viewer, Play{})); break;
            case 2:
                outcomes.push_back(
                    stage.act(viewer, Seek{MediaTime{static_cast<std::int64_t>(random() % 60'000'000)}}));
                break;
            case 3: stage.signal(viewer, plugin, "s"); break;
            case 4: stage.run(static_cast<std::uint32_t>(random() % 40)); break;
            case 5: stage.step(std::nullopt, static_cast<std::uint32_t>(random() % 40)); break;
            default:
                outcomes.push_back(stage.command(viewer, plugin, "go",
                                                 map_of({{"n", Value{static_cast<std::int64_t>(random() % 1000)}}})));
            }
        }
    }
};

} // namespace

TEST_CASE("the same inputs and the same seed give the same state, answers, events and messages") {
    Run one;
    Run other;
    one.go(5, 400);
    other.go(5, 400);
    CHECK(one.stage.room.state() == other.stage.room.state());
    CHECK(one.stage.room.plugin_state() == other.stage.room.plugin_state());
    CHECK(one.outcomes == other.outcomes);
    CHECK(one.stage.events == other.stage.events);
    CHECK(one.stage.failures == other.stage.failures);
    CHECK(one.stage.requests == other.stage.requests);
    CHECK(one.stage.room.next_due(one.stage.tick) == other.stage.room.next_due(other.stage.tick));
    // It was worth comparing.
    CHECK(one.stage.events.size() > 20);
    CHECK(one.stage.failed_with("seven"));
    Run differing;
    differing.go(6, 400);
    CHECK(!(one.stage.room.state() == differing.stage.room.state()));
}

TEST_CASE("a room without plugins, or whose plugins have not started, is a Room and no more") {
    Room room{Epoch{1}, RoomInfo{.title = "Test", .listed = false}, TickLength{}};
    RuledRoom none{Epoch{1}, RoomInfo{.title = "Test", .listed = false}, TickLength{}, nullptr, 1};
    PluginFigures figures;
    RuledRoom asleep{Epoch{1}, RoomInfo{.title = "Test", .listed = false}, TickLength{}, set_of({busy_plugin("one")}),
                     1,        PluginContext{&figures, nullptr, "r"}};
    const Lead lead;
    Command load;
    load.action = Load{.kind = MediaKind::file, .url = "/media/film.mp4", .title = "Film"};
    const Tick tick{5};
    const auto wanted = room.apply(load, tick, lead);
    for (RuledRoom* ruled : {&none, &asleep}) {
        CHECK(ruled->apply(load, tick, lead) == wanted);
        CHECK(!ruled->apply(WallTime{5}, tick, lead));
        ruled->advance(tick, 0, lead);
        ruled->commit();
        CHECK(ruled->take_events().size() == 1);
        CHECK(!ruled->next_due(tick));
        CHECK(ruled->state().shared.tables().empty());
    }
    CHECK(figures.lua_states == 0);
    Command command;
    command.viewer = ViewerId{1};
    command.sequence = 1;
    command.action = PluginCommand{"one", "go", {}};
    none.apply(Join{ViewerId{1}, "Ann", 0}, tick, lead);
    CHECK(none.apply(command, tick, lead)->error.code == ErrorCode::unknown_command);
    asleep.apply(Join{ViewerId{1}, "Ann", 0}, tick, lead);
    CHECK(figures.lua_states == 1);
    CHECK(!asleep.state().shared.tables().empty());
}

TEST_CASE("a storm of joins is heard of over several ticks, and nobody is suspended for it") {
    HostStage stage{{{"one",
                      "shared = { n = { kind = \"counter\" }, m = { kind = \"map\", key = \"viewer\", of = \"text\", "
                      "size = 2000 } }, saved = { n = { kind = \"counter\" } }",
                      "P:on(\"join\", function(room, event) P.shared.n:add(1) P.saved.n:add(1) local x = 0 for i = 1, "
                      "500 do x = x + i end end)"}}};
    stage.tick = stage.tick + 1;
    for (std::uint32_t viewer = 1; viewer <= 2000; ++viewer)
        stage.room.apply(Join{ViewerId{viewer}, "Guest", 0}, stage.tick, stage.lead);
    stage.finish();
    CHECK(stage.room.next_due(stage.tick) == stage.tick + 1);
    CHECK(stage.shared("one", "n") != "2000");
    stage.run(100);
    CHECK(stage.shared("one", "n") == "2000");
    CHECK(stage.all_failures().empty());
    CHECK(!stage.room.next_due(stage.tick));
}

// ---- The host's part of the attack suite

namespace {

struct Attack {
    const char* what;
    std::string manifest, code;
    bool suspended = true; // at the end; else it was merely held back
};

const std::string flood_state =
    "shared = { m = { kind = \"map\", key = \"text\", of = \"any\", size = 10000 }, r = { kind = \"ring\", size = "
    "10000, of = \"any\" } }, saved = { m = { kind = \"map\", key = \"text\", of = \"any\", size = 10000 } }";
const std::string loop = "while true do end";

std::vector<Attack> attacks() {
    std::vector<Attack> all{
        {"init.lua loops", "", loop},
        {"decide loops", "", "P:decide(\"playback\", function() " + loop + " end)"},
        {"closed decide loops", "on_fail = \"closed\"", "P:decide(\"playback\", function() " + loop + " end)"},
        {"transform loops", "", "P:transform(\"viewer.name\", function() " + loop + " end)"},
        {"on loops", "", "P:on(\"join\", function() " + loop + " end)"},
        {"started loops", "", "P:on(\"started\", function() " + loop + " end)"},
        {"timer loops", "",
         "P:on(\"started\", function() P:after(0, \"t\") end) P:on_timer(\"t\", function() " + loop + " end)"},
        {"every loops", "", "P:every(0.05, function() " + loop + " end)"},
        {"command loops", "commands = { go = {} }", "P:command(\"go\", function() " + loop + " end)"},
        {"signal loops", "signals = { go = {} }", "P:signal(\"go\", function() " + loop + " end)"},
        {"loops through pcall and coroutines", "",
         R"(P:every(0.05, function() local function spin() while true do pcall(spin) end end
            while true do pcall(coroutine.wrap(spin)) end end))"},
        {"loops in a metamethod of what it returns", "commands = { go = {} }",
         "P:command(\"go\", function() return setmetatable({}, { __index = function() " + loop +
             " end, __pairs = function() " + loop + " end, __len = function() " + loop +
             " end }) end) P:every(0.05, function() " + loop + " end)"},
        {"state flood", flood_state,
         R"(P:every(0.05, function(room) for n = 1, 1e9 do P.shared.m["k" .. room.tick .. n] = ("x"):rep(4000) end end))"},
        {"ring flood", flood_state,
         R"(P:every(0.05, function() while true do P.shared.r:push(("x"):rep(4000)) end end))"},
        {"saved flood", flood_state,
         R"(P:every(0.05, function(room) for n = 1, 1e9 do P.saved.m["k" .. room.tick .. n] = ("x"):rep(4000) end end))"},
        {"store flood", "",
         R"(P:every(0.05, function(room) for n = 1, 1e9 do P.store:set("k" .. n, ("x"):rep(4000)) end end))"},
        {"floods and catches", flood_state,
         R"(P:every(0.05, function(room) for n = 1, 1e9 do pcall(function() P.shared.m["k" .. n] = ("x"):rep(4000) end) end end))"},
        {"replaces a map over and over", flood_state,
         R"(P:every(0.05, function() local t = {} for n = 1, 100 do t["k" .. n] = n end while true do pcall(function() P.shared.m = t end) end end))"},
        {"event flood", "events = { e = { of = \"text\" } }",
         R"(P:every(0.05, function() while true do P:emit("e", ("x"):rep(4000)) end end))"},
        {"timer flood", "",
         R"(P:on_timer("t", function() end) for n = 1, 100 do P:on_timer("t" .. n, function() end) end P:every(0.05, function() for n = 1, 100 do P:after(0, "t" .. n, ("x"):rep(4000)) end end))"},
        {"action flood", "grants = { \"playback\" }",
         R"(P:every(0.05, function(room) while true do room:seek(1) end end))"},
        {"kick flood", "grants = { \"kick\" }",
         R"(P:every(0.05, function(room) while true do room:kick(99, ("x"):rep(200)) end end))"},
        {"log flood", "", R"(P:every(0.05, function(room) while true do room:log(("x"):rep(900)) end end))"},
        {"permission flood", "grants = { \"roles\" }",
         R"(local n = 0 P:every(0.05, function(room) for i = 1, 60 do n = n + 1 room:permit("p" .. n, { roles = "anyone", reason = ("x"):rep(200) }) end if n > 3000 then error("enough") end end))"},
        {"errors in error handlers", "",
         R"(P:every(0.05, function() xpcall(function() error(1) end, function() error(2) end) error(setmetatable({}, { __tostring = function() error("again") end })) end))"},
        {"hook flood", "", R"(for n = 1, 1e6 do P:on("join", function() end) end)"},
        {"limiter flood", "", R"(for n = 1, 1e6 do P:limiter{ rate = 1, burst = 1 } end)"},
        {"limiter key flood", "",
         R"(local l = P:limiter{ rate = 0.001, burst = 1 } P:every(0.05, function() local n = 0 while true do n = n + 1 l:take("key" .. n) end end))"},
        {"memory flood", "",
         R"(local all = {} P:every(0.05, function() for n = 1, 1e9 do all[n] = ("x"):rep(8000) .. n end end))"},
        {"memory flood that is caught", "",
         R"(local all = {} P:every(0.05, function() while true do pcall(function() all[#all + 1] = ("x"):rep(8000) .. #all end) end end))"},
        {"commands itself", "grants = { \"commands\" }, commands = { go = {} }",
         R"(P:command("go", function(room) room:command("bad", "go") room:command("bad", "go") end))"},
        {"fights itself", "grants = { \"playback\" }",
         R"(P:on("played", function(room) room:pause() end) P:on("paused", function(room) room:play() end) P:on("sought", function(room) room:seek(1) end) P:every(0.05, function(room) room:seek(2) end))"},
        {"uses other rooms' names", "", R"(P:every(0.05, function(room) room:kick() end))"},
        {"wakes on its own suspension", "",
         R"(P:on("suspended", function() end) P:every(0.05, function() error("x") end))"},
        {"uses just less than it may in every hook", "",
         "for n = 1, 100 do P:every(0.05, function() for i = 1, 40000 do end end) end P:on(\"join\", function() for i "
         "= 1, 40000 do end end)",
         false},
        {"deep tables as data", "events = { e = { of = \"any\" } }",
         R"(P:every(0.05, function() local t = {} for n = 1, 1000 do t = { t } end P:emit("e", t) end))"},
        {"keeps objects beyond their hook", "",
         R"(local kept P:every(0.05, function(room) kept = kept or { room, P.shared, P.deny("x") } kept[1]:play() end))"},
        {"recursion through P:apply", "topics = { [\"bad.t\"] = \"int\" }",
         R"(P:transform("bad.t", function(room, n) return P:apply("bad.t", n + 1) end) P:every(0.05, function() P:apply("bad.t", 1) error("x") end))"},
    };
    return all;
}

// What a viewer and time do to a room in which a plugin is up to no good.
void provoke(HostStage& stage) {
    const ViewerId ann = stage.join("Ann", 1);
    stage.load(100);
    for (int round = 0; round < 8; ++round) {
        stage.act(ann, Play{});
        stage.act(ann, Seek{MediaTime{1'000'000}});
        stage.act(ann, Pause{});
        stage.act(ann, SetName{"Ann"});
        stage.command(ann, "bad", "go");
        stage.signal(ann, "bad", "go");
        stage.join("Bob");
        stage.run(3);
    }
}

} // namespace

TEST_CASE("a hostile plugin ends suspended (or is held back), its room goes on, and a good one beside it works") {
    const PluginText good{"good", "shared = { n = { kind = \"counter\" } }, commands = { ok = {} }",
                          "P:command(\"ok\", function() P.shared.n:add(1) return P.shared.n:get() end)"};
    for (const Attack& attack : attacks()) {
        CAPTURE(attack.what);
        PluginFigures figures;
        HostStage stage{{{"bad", attack.manifest, attack.code}, good}, 7, PluginContext{&figures, nullptr, "r"}};
        provoke(stage);
        CAPTURE(stage.all_failures());
        CHECK(stage.suspended("bad") == attack.suspended);
        CHECK(!stage.suspended("good"));
        CHECK(figures.lua_bytes < lua::plugin_limits.memory_bytes_max + 64 * 1024);
        CHECK(stage.room.state().shared.bytes() <= SharedState::bytes_max);
        CHECK(stage.room.plugin_state().timers.all().size() <= Timers::per_plugin_max);
        CHECK(stage.events.size() < 2000);
        CHECK(stage.requests.size() < 2000);
        CHECK(stage.failures.size() < 200);
        const Outcome outcome = stage.command(ViewerId{1}, "good", "ok");
        if (attack.suspended)
            CHECK(outcome.data == Value{std::int64_t{1}});
        else
            CHECK((outcome.verdict == Verdict::applied || outcome.error.code == ErrorCode::rate_limited));
        if (attack.suspended)
            CHECK(stage.act(ViewerId{1}, SetRate{Rate{1100}}).verdict ==
                  (attack.manifest.contains("closed") ? Verdict::refused : Verdict::applied));
        // Having served its time it starts again, and is suspended again, for longer; nothing piles up.
        stage.seconds(31);
        provoke(stage);
        CHECK(stage.suspended("bad") == attack.suspended);
        CHECK(figures.lua_bytes < lua::plugin_limits.memory_bytes_max + 64 * 1024);
    }
}

TEST_CASE("a hundred hostile rooms at once end suspended, and leave nothing behind") {
    PluginFigures figures;
    {
        const std::vector<Attack> all = attacks();
        std::vector<std::unique_ptr<HostStage>> rooms;
        for (std::size_t i = 0; i < 100; ++i) {
            const Attack& attack = all[i % all.size()];
            rooms.push_back(std::make_unique<HostStage>(std::vector<PluginText>{{"bad", attack.manifest, attack.code}},
                                                        i, PluginContext{&figures, nullptr, "r"}));
        }
        for (auto& room : rooms) provoke(*room);
        for (std::size_t i = 0; i < 100; ++i) {
            CAPTURE(all[i % all.size()].what);
            CHECK(rooms[i]->suspended("bad") == all[i % all.size()].suspended);
        }
        CHECK(figures.lua_states == 100);
    }
    CHECK(figures.lua_states == 0);
    CHECK(figures.lua_bytes == 0);
}

TEST_CASE("two plugins that command each other for ever are stopped") {
    const auto plugin = [](const std::string& name, const std::string& other) {
        return PluginText{
            name, "grants = { \"commands\" }, shared = { n = { kind = \"counter\" } }, commands = { go = {} }",
            "P:command(\"go\", function(room) P.shared.n:add(1) room:command(\"" + other + "\", \"go\") end)"};
    };
    HostStage stage{{plugin("one", "two"), plugin("two", "one")}};
    const ViewerId ann = stage.join();
    for (int i = 0; i < 6; ++i) stage.command(ann, "one", "go");
    CHECK((stage.suspended("one") || stage.suspended("two")));
    CHECK(stage.failed_with("4 deep"));
}

} // namespace playhead::test
