#include "host_stage.hpp"
#include "plugin/lua_memory.hpp"
#include "plugin/time_allowance.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

// Rooms in which nothing happens let go of their Lua, and nobody notices.
namespace playhead::test {
namespace {

constexpr std::uint32_t long_enough = 20 * 100; // a minute and what rooms are spread over

// Does a bit of everything, and has nothing in Lua that was not there at first.
const PluginText forgetful{"forgetful",
                           R"(shared = { n = { kind = "counter" }, said = { kind = "ring", size = 5, of = "text" } },
       commands = { go = {}, take = {} }, topics = { ["forgetful.word"] = "text" })",
                           R"(local log, calls = P.shared.said, { "go", "take" }
       local limiter = P:limiter{ rate = 0.001, burst = 2 }
       local function note(text) log:push(text) end
       P:decide("playback.seek", function(room, ask) if P.shared.n:get() > 2 then return P.deny("enough", "no more") end end)
       P:transform("forgetful.word", function(_, word) return word .. "!" end)
       P:command(calls[1], function(room) P.shared.n:add(1) note(P:apply("forgetful.word", "go")) P:after(300, "late") end)
       P:command(calls[2], function(room, call) return limiter:take(call.viewer) end)
       P:on_timer("late", function() note("late") end))"};

// Remembers one thing in Lua until it is told to forget it.
const PluginText keeper{"keeper", R"(commands = { keep = {}, forget = {} })",
                        R"(local kept = {}
       P:command("keep", function() kept[1] = { "something" } end)
       P:command("forget", function() kept[1] = nil end))"};

PluginText plain(const std::string& name, const std::string& code, const std::string& manifest = "") {
    return {name, manifest, code};
}

bool sleeps(const PluginText& plugin) {
    HostStage stage{{plugin}};
    stage.join();
    stage.run(long_enough);
    CHECK_MESSAGE(stage.failures.empty(), stage.all_failures());
    return stage.room.asleep();
}

} // namespace

TEST_CASE("a room sleeps when no hook has run for a while, and whatever comes finds it as it was") {
    PluginFigures figures;
    HostStage stage{{forgetful}, 7, PluginContext{&figures, nullptr, "r"}};
    const ViewerId ann = stage.join();
    stage.load();
    CHECK(stage.command(ann, "forgetful", "go").verdict == Verdict::applied);
    CHECK(stage.command(ann, "forgetful", "take").data == Value{true});
    CHECK_FALSE(stage.room.asleep());
    CHECK(stage.room.sleeps_at() >= stage.tick + 20 * 60);
    const std::size_t hooks = stage.room.hooks().size();

    stage.run(long_enough);
    CHECK(stage.room.asleep());
    CHECK_FALSE(stage.room.sleeps_at());
    CHECK(figures.lua_states == 0);
    CHECK(figures.lua_bytes == 0);
    CHECK(figures.plugins.at("forgetful@1.0.0").memory_bytes == 0);

    CHECK(stage.command(ann, "forgetful", "take").data == Value{true}); // the limiter has not forgotten the first
    CHECK_FALSE(stage.room.asleep());
    CHECK(stage.command(ann, "forgetful", "take").data == Value{false});
    CHECK(figures.lua_states == 1);
    CHECK(figures.plugins.at("forgetful@1.0.0").memory_bytes > 0);
    CHECK(stage.room.hooks().size() == hooks);
    stage.command(ann, "forgetful", "go");
    stage.run(long_enough);
    CHECK(stage.room.asleep());
    stage.command(ann, "forgetful", "go"); // P:apply asks a hook from inside one
    CHECK(stage.shared("forgetful", "said", EntryKey{std::int64_t{3}}) == "\"go!\"");
    stage.run(long_enough);
    CHECK(stage.room.asleep());
    CHECK(stage.act(ann, Seek{MediaTime{0}}).error.code == ErrorCode::denied);
    stage.run(300 * 20);
    CHECK(stage.shared("forgetful", "said", EntryKey{std::int64_t{4}}) == "\"late\""); // due while it slept
    CHECK(stage.failures.empty());
}

TEST_CASE("a room sleeps through inputs that no hook hears of") {
    HostStage stage{{plain("quiet", "P:on(\"renamed\", function() end)")}};
    const ViewerId ann = stage.join();
    stage.run(long_enough);
    REQUIRE(stage.room.asleep());
    stage.load();
    stage.act(ann, Play{});
    stage.join("Ben");
    CHECK(stage.room.asleep());
    stage.act(ann, SetName{"Anna"});
    CHECK_FALSE(stage.room.asleep());
}

TEST_CASE("a plugin that remembers something in Lua keeps its room awake until it has forgotten it") {
    HostStage stage{{forgetful, keeper}};
    const ViewerId ann = stage.join();
    stage.command(ann, "keeper", "keep");
    stage.run(long_enough);
    CHECK_FALSE(stage.room.asleep());
    stage.command(ann, "keeper", "forget");
    stage.run(long_enough);
    CHECK(stage.room.asleep());
}

TEST_CASE("only a plugin that could be started anew unnoticed lets its room sleep") {
    CHECK(sleeps(plain("a", "P:on('join', function() end)")));
    CHECK(sleeps(plain("a", "local n = 0 P:on('join', function() n = n + 1 n = 0 end)")));
    CHECK_FALSE(sleeps(plain("a", "local n = 0 P:on('join', function() n = n + 1 end)")));
    CHECK_FALSE(sleeps(plain("a", "P:on('join', function() heard = true end)"))); // a global
    CHECK_FALSE(
        sleeps(plain("a", "local f = function() end P:on('join', function() f = function() return 1 end end)")));
    CHECK_FALSE(sleeps(plain("a", "local t = {} P:on('join', function() t.x = setmetatable({}, {}) end)")));
    CHECK_FALSE(sleeps(plain("a", "local t = {} P:on('join', function() setmetatable(t, { __len = print }) end)")));
    CHECK_FALSE(sleeps(plain(
        "a", "local a, b = {}, {} P:on('join', function() b = a end) P:on('leave', function() return a, b end)")));
    CHECK_FALSE(sleeps(plain("a", "local co = coroutine.wrap(function() while true do coroutine.yield() end end) co()"
                                  "P:on('join', function() co() end)")));
    CHECK_FALSE(sleeps(plain("a", "local words = ('a b c'):gmatch('%a') P:on('join', function() words() end)")));
    CHECK_FALSE(sleeps(plain("a", "local lib = string P:on('join', function() lib = table end)")));
    CHECK_FALSE(sleeps(plain("a", "local f, g = function() return 1 end, function() return 2 end "
                                  "P:on('join', function() f, g = g, f end)")));
    CHECK_FALSE(sleeps(plain("a", "P:every(0.5, function() end)"))); // it never has nothing to do
    // More than registering: doing it again would be noticed.
    const std::string state = "shared = { n = { kind = 'counter' }, v = { kind = 'value', of = 'int' } }";
    CHECK_FALSE(sleeps(plain("a", "P.shared.n:add(1)", state)));
    CHECK_FALSE(sleeps(plain("a", "local v = P.shared.v", state)));
    CHECK_FALSE(sleeps(plain("a", "P:after(3600, 't') P:on_timer('t', function() end)")));
    CHECK_FALSE(sleeps(plain("a", "P.store:set('k', 1)")));
    CHECK(sleeps(plain("a", "local n = P.shared.n P:on('join', function() n:add(1) end)", state)));
}

// An object without bytes has the address at which its neighbour begins, whatever that is.
TEST_CASE("wherever its memory lies, a room that is as it was at first sleeps") {
    const auto set = set_of({plain("a", "local acts = {} for i = 1, 200 do acts[i] = function() end end\n"
                                        "P:on('join', function() return P.store, acts end)")});
    LuaMemory memory;
    std::mt19937_64 random{1};
    for (int round = 0; round < 20; ++round) {
        // The free blocks come in another order each time.
        constexpr std::size_t bytes = 32;
        std::vector<void*> blocks(1000);
        for (void*& block : blocks) block = memory.take(bytes);
        std::ranges::shuffle(blocks, random);
        void* const stays = blocks.back();
        for (void* block : blocks)
            if (block != stays) memory.give(block, bytes);
        HostStage stage{set, 7, PluginContext{.memory = &memory}};
        stage.join();
        stage.run(long_enough);
        CHECK(stage.room.asleep());
        memory.give(stays, bytes);
    }
}

TEST_CASE("with and without sleep the same inputs lead to the same state") {
    const std::vector<PluginText> plugins{
        forgetful, keeper,
        plain("dice", "P:command('roll', function(room) P.shared.sum:add(room:random(6)) end)",
              "shared = { sum = { kind = 'counter' } }, commands = { roll = {} }")};
    HostStage sleepy{plugins};
    HostStage awake{plugins};
    awake.may_sleep = false;
    bool slept = false;
    const auto both = [&](auto what) {
        what(sleepy);
        slept = slept || sleepy.room.asleep();
        what(awake);
    };
    ViewerId ann;
    both([&](HostStage& stage) { ann = stage.join(); });
    for (int round = 0; round < 12; ++round) {
        both([&](HostStage& stage) { stage.command(ann, "dice", "roll"); });
        if (round % 3 == 0) both([&](HostStage& stage) { stage.command(ann, "forgetful", "go"); });
        if (round % 4 == 0)
            both([&](HostStage& stage) { stage.command(ann, "keeper", round % 8 == 0 ? "keep" : "forget"); });
        both([&](HostStage& stage) { stage.run(long_enough); });
        CHECK(sleepy.room.state() == awake.room.state());
        CHECK(sleepy.room.plugin_state() == awake.room.plugin_state());
        CHECK_FALSE(awake.room.asleep());
    }
    CHECK(slept);
}

TEST_CASE("a room that finds no time to wake asks for patience and sleeps on") {
    struct Stingy final : TimeAllowance {
        void begin() override {}
        Microseconds end(std::int64_t) override { return Microseconds{10}; }
        bool spent() override { return --looks_left < 0; }
        int looks_left = 1'000'000;
    } time;
    const PluginText slow =
        plain("slow", "for i = 1, 5000 do end P:command('go', function() return 5 end)", "commands = { go = {} }");
    HostStage stage{{slow}, 7, PluginContext{nullptr, &time, "r"}};
    const ViewerId ann = stage.join();
    stage.run(long_enough);
    REQUIRE(stage.room.asleep());
    time.looks_left = 10; // enough to begin, not to load it
    CHECK(stage.command(ann, "slow", "go").error.code == ErrorCode::rate_limited);
    CHECK(stage.room.asleep());
    time.looks_left = 1'000'000;
    CHECK(stage.command(ann, "slow", "go").data == Value{std::int64_t{5}});
    CHECK(stage.failures.empty());
}

TEST_CASE("a plugin that was suspended comes back into a room that has slept meanwhile") {
    const PluginText bad =
        plain("bad", "P:command('loop', function() while true do end end) P:command('ok', function() return 1 end)",
              "commands = { loop = {}, ok = {} }");
    HostStage stage{{bad, forgetful}};
    const ViewerId ann = stage.join();
    for (int i = 0; i < 3; ++i) { // each suspension is longer
        stage.command(ann, "bad", "loop");
        REQUIRE(stage.suspended("bad"));
        bool slept = false;
        for (int span = 0; span < 200 && stage.suspended("bad"); ++span) {
            stage.run(20 * 5);
            slept = slept || stage.room.asleep();
        }
        CHECK(slept == (i == 2)); // the first two are over before it sleeps
        CHECK_FALSE(stage.suspended("bad"));
        CHECK(stage.command(ann, "bad", "ok").data == Value{std::int64_t{1}});
    }
    CHECK(stage.command(ann, "forgetful", "take").data == Value{true});
}

TEST_CASE("a room that sleeps can be reloaded") {
    HostStage stage{{forgetful}};
    const ViewerId ann = stage.join();
    stage.command(ann, "forgetful", "go");
    stage.run(long_enough);
    REQUIRE(stage.room.asleep());
    PluginText next = forgetful;
    next.code += "\nP:on('join', function() P.shared.n:add(10) end)";
    REQUIRE(stage.room.reload(set_of({next}), stage.tick).has_value());
    CHECK(stage.shared("forgetful", "n") == "1");
    stage.join("Ben");
    CHECK(stage.shared("forgetful", "n") == "11");
    stage.command(ann, "forgetful", "go");
    CHECK(stage.shared("forgetful", "n") == "12");
}

} // namespace playhead::test
