#include "plugin/lua_budget.hpp"
#include "plugin/lua_library.hpp"
#include "plugin/lua_sandbox.hpp"

#include <lua.hpp>

#include <string_view>

// Coroutines that cannot outlive the budget: resuming passes its expiry on, and making one costs what it could run
// before the count hook first sees it. Closing one is harmless, since scripts have no closing variables (setmetatable
// refuses __close): elsewhere they would run where hooks are off, for as long as they like.
namespace playhead::lua {
namespace {

constexpr std::int64_t resume_cost = 20;

lua_State* checked_coroutine(lua_State* state) {
    lua_State* coroutine = lua_tothread(state, 1);
    luaL_argexpected(state, coroutine != nullptr, 1, "coroutine");
    return coroutine;
}

// Moves `count` arguments over and the results (or the error) back; the number of results, or -1.
int resume_with(lua_State* state, lua_State* coroutine, int count) {
    charge(state, resume_cost + count);
    if (lua_checkstack(coroutine, count) == 0) {
        lua_pushliteral(state, "too many arguments to resume");
        return -1;
    }
    lua_xmove(state, coroutine, count);
    int results = 0;
    Budget& budget = budget_of(state);
    budget.running = coroutine;
    const int status = lua_resume(coroutine, state, count, &results);
    budget.running = state;
    if (budget.end != End::none) raise_end(state);
    if (status == LUA_OK || status == LUA_YIELD) {
        if (lua_checkstack(state, results + 1) == 0) {
            lua_pop(coroutine, results);
            lua_pushliteral(state, "too many results to resume");
            return -1;
        }
        lua_xmove(coroutine, state, results);
        return results;
    }
    charge(state, caught_error_cost);
    lua_xmove(coroutine, state, 1);
    return -1;
}

// coroutine.resume(co, ...) -> true, results | false, error
int resume(lua_State* state) {
    lua_State* coroutine = checked_coroutine(state);
    const int results = resume_with(state, coroutine, lua_gettop(state) - 1);
    lua_pushboolean(state, results >= 0 ? 1 : 0);
    const int returned = results >= 0 ? results : 1;
    lua_insert(state, -(returned + 1));
    return returned + 1;
}

int resume_wrapped(lua_State* state) {
    lua_State* coroutine = lua_tothread(state, lua_upvalueindex(1));
    const int results = resume_with(state, coroutine, lua_gettop(state));
    if (results >= 0) return results;
    return lua_error(state);
}

// coroutine.create(f) -> co
int create(lua_State* state) {
    luaL_checktype(state, 1, LUA_TFUNCTION);
    charge(state, Budget::interval);
    lua_State* coroutine = lua_newthread(state);
    lua_pushvalue(state, 1);
    lua_xmove(state, coroutine, 1);
    return 1;
}

// coroutine.wrap(f) -> function that resumes
int wrap(lua_State* state) {
    create(state);
    lua_pushcclosure(state, resume_wrapped, 1);
    return 1;
}

// coroutine.yield(...) -> what resume was given
int yield(lua_State* state) { return lua_yield(state, lua_gettop(state)); }

const char* status_of(lua_State* state, lua_State* coroutine) {
    if (coroutine == state) return "running";
    if (lua_status(coroutine) == LUA_YIELD) return "suspended";
    if (lua_status(coroutine) != LUA_OK) return "dead";
    lua_Debug record{};
    if (lua_getstack(coroutine, 0, &record) != 0) return "normal"; // it is running, and resumed somebody else
    return lua_gettop(coroutine) > 0 ? "suspended" : "dead";       // does its function wait to be started?
}

// coroutine.status(co) -> "running" | "suspended" | "normal" | "dead"
int status(lua_State* state) {
    lua_pushstring(state, status_of(state, checked_coroutine(state)));
    return 1;
}

// coroutine.close(co) -> true | false, the error it died of
int close(lua_State* state) {
    lua_State* coroutine = checked_coroutine(state);
    const char* const now = status_of(state, coroutine);
    if (now != std::string_view{"suspended"} && now != std::string_view{"dead"})
        return luaL_error(state, "cannot close a %s coroutine", now);
    charge(state, resume_cost);
    if (lua_resetthread(coroutine) == LUA_OK) {
        lua_pushboolean(state, 1);
        return 1;
    }
    lua_pushboolean(state, 0);
    lua_xmove(coroutine, state, 1);
    return 2;
}

// coroutine.isyieldable() -> boolean
int is_yieldable(lua_State* state) {
    lua_pushboolean(state, lua_isyieldable(state));
    return 1;
}

// coroutine.running() -> co, is the main one
int running(lua_State* state) {
    lua_pushboolean(state, lua_pushthread(state));
    return 2;
}

} // namespace

void open_coroutine(lua_State* state) {
    constexpr luaL_Reg functions[] = {{"close", close},   {"create", create},   {"isyieldable", is_yieldable},
                                      {"resume", resume}, {"running", running}, {"status", status},
                                      {"wrap", wrap},     {"yield", yield},     {nullptr, nullptr}};
    lua_createtable(state, 0, 8);
    luaL_setfuncs(state, functions, 0);
    make_read_only(state);
    lua_setglobal(state, "coroutine");
}

} // namespace playhead::lua
