#include "parts.hpp"
#include "plugin/figures.hpp"
#include "plugin/lua_chunk.hpp"
#include "plugin/lua_memory.hpp"
#include "plugin/lua_sandbox.hpp"
#include "plugin/ruled_room.hpp"
#include "session/plugin_time.hpp"
#include "stage.hpp"

#include <lua.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace playhead::bench {
namespace {

// An eleventh plugin, so that a line goes through a decide and a transform of somebody else's.
const PluginText filter{"filter", "after = { 'chat' }",
                        "P:decide('chat.say', function(room, ask)\n"
                        "  if ask.viewer and room:has(ask.viewer, 'muted') then return P.deny('muted', 'not now') end\n"
                        "end)\n"
                        "P:transform('chat.text', function(room, text) return (text:gsub('darn', '****')) end)"};

[[noreturn]] void stop(const std::string& why) {
    std::fprintf(stderr, "this measures nothing: %s\n", why.c_str());
    std::exit(1);
}

} // namespace

void talk(Results& results, const Size&) {
    const auto plugins = preset_with("living_room.lua", filter);
    RacingClock clock;
    PluginTime time{clock};
    PluginFigures figures;
    LuaMemory memory;
    PluginCost cost;
    RuledRoom room{Epoch{1}, RoomInfo{"Bench", false}, TickLength{}, plugins, 7, {&figures, &time, "bench", &memory}};
    Tick tick{100};
    const auto finish = [&] {
        room.advance(tick, 0, {});
        room.commit();
        room.take_events();
        room.take_plugin_events();
        for (const PluginRequestOut& request : room.take_requests())
            if (const auto* line = std::get_if<Log>(&request); line && line->failure) stop(line->message);
    };
    room.start(tick);
    room.apply(Join{ViewerId{1}, "Ann", 0}, tick, {});
    finish();
    std::vector<double> line_us;
    std::vector<double> collect_us;
    for (std::uint32_t number = 1; number <= 3000; ++number) {
        tick = tick + 3 * ticks_per_s; // as often as a viewer may
        clock.jump_to(TickLength{}.start_of(tick));
        time.begin_tick();
        const PluginTime::Turn turn{time, cost, plugins, PluginTime::Turn::Kind::tick};
        Command command;
        command.viewer = ViewerId{1};
        command.sequence = number;
        command.action = say("what a darn good line " + std::to_string(number));
        const std::int64_t begun = thread_ns();
        const auto outcome = room.apply(command, tick, {});
        line_us.push_back(static_cast<double>(thread_ns() - begun) / 1e3);
        if (!outcome || outcome->verdict != Verdict::applied)
            stop("a line was refused" + (outcome ? ": " + outcome->error.message : ""));
        finish();
        const std::int64_t collected = thread_ns();
        room.collect_garbage();
        collect_us.push_back(static_cast<double>(thread_ns() - collected) / 1e3);
    }
    results.add("chat_us_p99", quantile(line_us, 0.99));
    results.add("chat_us_p50", quantile(line_us, 0.5));
    results.add("chat_collect_us_p50", quantile(collect_us, 0.5));
    results.add("chat_collect_us_max", quantile(collect_us, 1));

    // The whole tick: decoded, judged, committed, told to two viewers.
    Stage stage;
    const CreatedRoom made = make_room(stage.shard, "talk", plugins);
    for (const char* name : {"Ann", "Bob"}) stage.viewers.push_back(join(stage.shard, made, name));
    stage.ticks(5 * ticks_per_s);
    std::vector<double> tick_us;
    for (int number = 0; number < 1000; ++number) {
        stage.ticks(3 * ticks_per_s - 1);
        stage.read_all();
        stage.viewers[0].ask(say("line " + std::to_string(number)), stage.clock.now());
        tick_us.push_back(static_cast<double>(stage.tick_ns()) / 1e3);
    }
    if (stage.shard.metrics().commands_applied_total < 1000) stop("lines were refused");
    results.add("chat_tick_us_p50", quantile(std::move(tick_us), 0.5));
}

namespace {

// What hooks are made of: a few calls, texts, a table.
constexpr const char* hook_code = R"(
local lines, count = {}, 0
return function(text)
  count = count + 1
  local line = { from = count, text = text:gsub("%s+", " "):upper(), words = {} }
  for word in text:gmatch("%a+") do line.words[#line.words + 1] = word end
  lines[count % 16 + 1] = line
  return #line.words
end
)";
// What the budget is for: many plain instructions.
constexpr const char* loop_code = R"(
return function(text)
  local sum = 0
  for i = 1, 2000 do if i % 3 == 0 then sum = sum + i else sum = sum - 1 end end
  return sum
end
)";

// Time of one call with the count hook, the charges and the watch over time; and of the same function in the same state
// without any of them.
double cost_ratio(const char* code, double& with_us) {
    RacingClock clock;
    PluginTime time{clock};
    LuaMemory memory;
    lua::Sandbox sandbox{lua::plugin_limits, &time, nullptr, &memory};
    const auto chunk = lua::compile(code, "hook.lua", lua::plugin_limits, lua::LocalNames::dropped);
    int function = 0;
    const lua::Called made = sandbox.call([&](lua_State* state) {
        lua::push_environment(state);
        lua::push_chunk(state, *chunk, -1);
        lua_call(state, 0, 1);
        function = luaL_ref(state, LUA_REGISTRYINDEX);
    });
    if (!made.ok()) stop(made.failure->message);
    auto body = [&](lua_State* state) {
        lua_rawgeti(state, LUA_REGISTRYINDEX, function);
        lua_pushliteral(state, "what a fine line this is, of nine words");
        lua_call(state, 1, 1);
    };
    constexpr int calls = 2000;
    std::vector<double> with;
    std::vector<double> without;
    lua_State* bare = sandbox.main();
    for (int round = 0; round < 31; ++round) {
        std::int64_t begun = thread_ns();
        for (int i = 0; i < calls; ++i) {
            if (!sandbox.call(body).ok()) stop("the hook failed");
        }
        with.push_back(static_cast<double>(thread_ns() - begun) / 1e3 / calls);
        lua_sethook(bare, nullptr, 0, 0);
        begun = thread_ns();
        for (int i = 0; i < calls; ++i) {
            lua_rawgeti(bare, LUA_REGISTRYINDEX, function);
            lua_pushliteral(bare, "what a fine line this is, of nine words");
            if (lua_pcall(bare, 1, 1, 0) != LUA_OK) stop("the hook failed without a budget");
            lua_settop(bare, 0);
        }
        without.push_back(static_cast<double>(thread_ns() - begun) / 1e3 / calls);
    }
    with_us = quantile(with, 0.5);
    return with_us / quantile(without, 0.5);
}

} // namespace

void budget(Results& results, const Size&) {
    double hook_us = 0;
    double loop_us = 0;
    results.add("budget_cost_ratio", cost_ratio(hook_code, hook_us));
    results.add("budget_cost_ratio_loop", cost_ratio(loop_code, loop_us));
    results.add("budget_hook_us", hook_us);
    results.add("budget_loop_us", loop_us);
}

} // namespace playhead::bench
