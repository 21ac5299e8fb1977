#include "plugin/lua_sandbox.hpp"

#include "plugin/lua_library.hpp"
#include "plugin/lua_shared_code.hpp"

#include <lua.hpp>

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace playhead::lua {

// It lies on the C++ stack of the call: noting an error needs no memory of Lua's, so it works when there is none.
struct Report {
    std::array<char, 1600> lines{};
    std::size_t size = 0;
    std::array<char, 96> place{};
    bool taken = false;
};

namespace {

constexpr int traceback_levels_max = 12;
constexpr std::size_t message_bytes_max = 2000;

void add_line(Report& report, const lua_Debug& record) {
    char* to = report.lines.data() + report.size;
    const std::size_t space = report.lines.size() - report.size;
    const int size = record.what[0] == 'm' // "main": not in a function
                         ? std::snprintf(to, space, "%s:%d, in the main part\n", record.short_src, record.currentline)
                         : std::snprintf(to, space, "%s:%d, in the function of line %d\n", record.short_src,
                                         record.currentline, record.linedefined);
    if (size > 0 && static_cast<std::size_t>(size) < space) report.size += static_cast<std::size_t>(size);
}

// The message handler of every call. It leaves the error as it is, whatever it is: turning it into text would run the
// script's own __tostring, which may fail, loop or lie. Names of functions are left out, since Lua finds them by going
// through the whole function that calls.
int note(lua_State* state) {
    Report* report = budget_of(state).report;
    if (report == nullptr || report->taken) return 1;
    report->taken = true;
    lua_Debug record{};
    for (int level = 1, lines = 0; lines < traceback_levels_max && lua_getstack(state, level, &record) != 0; ++level) {
        lua_getinfo(state, "Sl", &record);
        if (record.currentline <= 0) continue;
        if (lines++ == 0)
            std::snprintf(report->place.data(), report->place.size(), "%s:%d", record.short_src, record.currentline);
        add_line(*report, record);
    }
    return 1;
}

struct Invocation {
    void (*invoke)(lua_State*, void*) noexcept;
    void* body;
};

int run_body(lua_State* state) {
    const Invocation invocation = *static_cast<Invocation*>(lua_touserdata(state, 1));
    lua_settop(state, 0);
    invocation.invoke(state, invocation.body);
    return 0;
}

int set_up(lua_State* state) {
    open_library(state);
    return 0;
}

// The collector works in small steps and starts when the heap has doubled; what it does between ticks
// (collect_garbage) counts double, so that in hooks it is seldom its turn.
void tune_collector(lua_State* state) {
    constexpr int pause_percent = 200;
    constexpr int speed_percent = 100;
    constexpr int step_bytes_log2 = 11;
    lua_gc(state, LUA_GCINC, pause_percent, speed_percent, step_bytes_log2);
}

} // namespace

Sandbox::Sandbox(const LuaLimits& limits, TimeAllowance* time, void* host, LuaMemory* memory, SharedCode* code) {
    budget_.limits = limits;
    budget_.time = time;
    budget_.host = host;
    budget_.memory = memory;
    budget_.code = code != nullptr && code->claim() ? code : nullptr;
    state_ = lua_newstate(allocate, &budget_);
    if (state_ == nullptr) return;
    // Before anything else, so that every coroutine inherits both.
    *static_cast<Budget**>(lua_getextraspace(state_)) = &budget_;
    lua_sethook(state_, count_hook, LUA_MASKCOUNT, Budget::interval);
    tune_collector(state_);
    lua_pushcfunction(state_, set_up);
    if (lua_pcall(state_, 0, 0, 0) != LUA_OK) {
        lua_close(state_);
        state_ = nullptr;
    }
}

Sandbox::~Sandbox() {
    if (state_ != nullptr) lua_close(state_);
}

Called Sandbox::enter(lua_State* state, std::int64_t instructions, Invoke invoker, void* body) {
    Called called;
    if (state_ == nullptr || lua_checkstack(state, 3) == 0) {
        called.failure =
            Failure{Failure::Kind::memory,
                    std::to_string(budget_.limits.memory_bytes_max) + " bytes are not enough for an empty interpreter",
                    {},
                    {}};
        return called;
    }
    const bool outermost = !budget_.armed;
    const Budget outer = budget_;
    const std::int64_t most = outermost ? tick_left_ : outer.left;
    const std::int64_t available = std::max<std::int64_t>(std::min(instructions, most), 0);
    Report report;
    budget_.left = available;
    budget_.timed_at = available - Budget::time_after;
    budget_.left_is_of_tick = most < instructions && (outermost || outer.left_is_of_tick);
    budget_.report = &report;
    budget_.running = state;
    budget_.memory_short = false;
    if (outermost) {
        budget_.unseen = 0;
        budget_.end = End::none;
        budget_.look_soon = false;
        lua_sethook(state, count_hook, LUA_MASKCOUNT, Budget::interval);
        if (budget_.time != nullptr) budget_.time->begin();
    }
    Budget* const compared_before = use_for_comparisons(&budget_);
    budget_.armed = true;

    const int top = lua_gettop(state);
    Invocation invocation{invoker, body};
    lua_pushcfunction(state, note);
    lua_pushcfunction(state, run_body);
    lua_pushlightuserdata(state, &invocation);
    const int status = lua_pcall(state, 1, 0, top + 1);

    budget_.armed = !outermost;
    use_for_comparisons(compared_before);
    called.instructions = available - budget_.left;
    called.allocated_bytes = budget_.allocated_bytes - outer.allocated_bytes;
    if (status != LUA_OK || budget_.end != End::none) called.failure = explain(state, status, report, available);
    lua_settop(state, top);

    budget_.report = outer.report;
    budget_.running = outer.running;
    budget_.left_is_of_tick = outer.left_is_of_tick;
    budget_.memory_short = outer.memory_short;
    if (outermost) {
        tick_left_ -= std::min(called.instructions, tick_left_);
        if (budget_.time != nullptr) called.took = budget_.time->end(called.instructions);
    } else {
        budget_.left = outer.left - called.instructions;
        budget_.timed_at = outer.timed_at;
        const bool ended_here = budget_.end == End::instructions || budget_.end == End::tick;
        if (ended_here && outer.end == End::none) {
            // Only what this call was given is gone; if all is, the next look says so.
            budget_.end = End::none;
            budget_.look_soon = false;
            lua_sethook(state, count_hook, LUA_MASKCOUNT, budget_.left < 0 ? 1 : Budget::interval);
        }
    }
    return called;
}

Failure Sandbox::explain(lua_State* state, int status, const Report& report, std::int64_t available) const {
    const LuaLimits& limits = budget_.limits;
    Failure failure;
    failure.traceback.assign(report.lines.data(), report.size);
    failure.place = budget_.end != End::none ? budget_.place.data() : report.place.data();
    const std::string where = failure.place.empty() ? "" : failure.place + ": ";
    switch (budget_.end) {
    case End::instructions:
        failure.kind = Failure::Kind::instructions;
        failure.message =
            where + "the script has used up its " + std::to_string(available) + " instructions: does it loop for ever?";
        return failure;
    case End::tick:
        failure.kind = Failure::Kind::tick;
        failure.message = where + "the scripts of this room have used up their instructions of this tick";
        return failure;
    case End::time:
        failure.kind = Failure::Kind::time;
        failure.message = where + "the script took too long";
        return failure;
    case End::none: break;
    }
    if (lua_type(state, -1) == LUA_TSTRING) {
        std::size_t size = 0;
        const char* text = lua_tolstring(state, -1, &size);
        failure.message.assign(text, std::min(size, message_bytes_max));
    } else {
        failure.message = std::string{"the script raised "} + lua_typename(state, lua_type(state, -1)) + " as an error";
    }
    if (status == LUA_ERRMEM || (budget_.memory_short && failure.message.ends_with("not enough memory"))) {
        failure.kind = Failure::Kind::memory;
        failure.message = "the script needs more memory than it may have: " + std::to_string(limits.memory_bytes_max) +
                          " bytes and " + std::to_string(limits.blocks_max) + " blocks in all, " +
                          std::to_string(limits.block_bytes_max) + " bytes and " +
                          std::to_string(limits.table_keys_max) + " keys beside its list in one table, " +
                          std::to_string(limits.string_bytes_max) + " bytes in one string";
    }
    return failure;
}

void Sandbox::collect_garbage() {
    constexpr std::uint64_t step_kib_max = 8;
    constexpr std::uint64_t kib = 1024;
    const std::uint64_t allocated = budget_.allocated_bytes - collected_at_;
    if (state_ == nullptr || allocated < kib) return;
    // It counts as the plugins' time: a hundred full rooms that collect in one tick are as dear as a hundred that loop.
    if (budget_.time != nullptr && budget_.time->spent()) return;
    if (budget_.time != nullptr) budget_.time->begin();
    collected_at_ += allocated;
    lua_gc(state_, LUA_GCSTEP, static_cast<int>(std::min(allocated / kib, step_kib_max)));
    if (budget_.time != nullptr) budget_.time->end(0);
}

void* host_of(lua_State* state) { return budget_of(state).host; }

} // namespace playhead::lua
