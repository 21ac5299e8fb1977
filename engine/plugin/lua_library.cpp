#include "plugin/lua_library.hpp"

#include "plugin/lua_budget.hpp"

#include <lua.hpp>

#include <string_view>

// The basic functions. Left out, and why:
//   load, loadfile, dofile, require     code that no one reviewed, bytecode, which can corrupt the interpreter, and a
//                                       parser that takes milliseconds
//   collectgarbage, print, warn         the engine's business
//   math.random, sin, exp, log...       chance and last bits that differ between machines; a script is to be repeatable
//   string arithmetic ("10" + 1)        reads numbers from long texts where nothing counts; tonumber does it
//   io, os, debug, package              the outside, and the interpreter's insides
// Nothing depends on the seed that Lua hashes texts with (it differs in every process, and a shared liblua cannot be
// told otherwise): tables are gone through in the order of their keys, and nothing shows an address.
namespace playhead::lua {
namespace {

constexpr const char* basic_names[] = {"_VERSION", "assert", "error", "ipairs", "rawequal",
                                       "rawget",   "rawlen", "type",  nullptr};

// What a protected call is charged. It is also where the budget is looked at between two looks of the hook: only by
// catching errors can a script live through refused allocations, and each of those was dear.
constexpr std::int64_t protected_call_cost = 10;

// What pcall and xpcall do after the call, whether or not there was a yield in between (as in Lua's lbaselib.c).
int finish_protected(lua_State* state, int status, lua_KContext skipped) {
    if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(state) - static_cast<int>(skipped);
    if (budget_of(state).end != End::none) raise_end(state);
    charge(state, caught_error_cost);
    lua_pushboolean(state, 0);
    lua_pushvalue(state, -2);
    return 2;
}

// pcall(f, ...) -> true, results | false, error
int protected_call(lua_State* state) {
    luaL_checkany(state, 1);
    charge(state, protected_call_cost);
    lua_pushboolean(state, 1);
    lua_insert(state, 1);
    const int status = lua_pcallk(state, lua_gettop(state) - 2, LUA_MULTRET, 0, 0, finish_protected);
    return finish_protected(state, status, 0);
}

// Stands before a script's message handler: inside the count hook's error hooks are off, so a handler that loops could
// not be stopped there. It is not asked then.
int guarded_handler(lua_State* state) {
    if (budget_of(state).end != End::none) return 1;
    lua_settop(state, 1);
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_insert(state, 1);
    lua_call(state, 1, 1);
    return 1;
}

// xpcall(f, handler, ...) -> true, results | false, what the handler returned
int protected_call_with_handler(lua_State* state) {
    const int count = lua_gettop(state);
    luaL_checktype(state, 2, LUA_TFUNCTION);
    charge(state, protected_call_cost);
    lua_pushvalue(state, 2);
    lua_pushcclosure(state, guarded_handler, 1);
    lua_replace(state, 2);
    lua_pushboolean(state, 1);
    lua_pushvalue(state, 1);
    lua_rotate(state, 3, 2);
    const int status = lua_pcallk(state, count - 2, LUA_MULTRET, 2, 2, finish_protected);
    return finish_protected(state, status, 2);
}

// select(n, ...) -> the arguments from the n-th | select("#", ...) -> how many there are
int select(lua_State* state) {
    constexpr std::int64_t arguments_per_unit = 4;
    const int count = lua_gettop(state);
    charge(state, 1 + count / arguments_per_unit);
    if (lua_type(state, 1) == LUA_TSTRING && *lua_tostring(state, 1) == '#') {
        lua_pushinteger(state, count - 1);
        return 1;
    }
    lua_Integer first = luaL_checkinteger(state, 1);
    if (first < 0) first += count;
    luaL_argcheck(state, first >= 1, 1, "index out of range");
    return first >= count ? 0 : count - static_cast<int>(first);
}

} // namespace

void keep_only(lua_State* state, const char* const* names) {
    for (lua_pushnil(state); lua_next(state, -2) != 0;) {
        lua_pop(state, 1);
        const std::string_view name = lua_tostring(state, -1);
        bool kept = false;
        for (const char* const* at = names; *at != nullptr; ++at) kept = kept || name == *at;
        if (kept) continue;
        lua_pushvalue(state, -1); // clearing a field while going through a table is allowed
        lua_pushnil(state);
        lua_rawset(state, -4);
    }
}

void open_library(lua_State* state) {
    lua_pushcfunction(state, luaopen_base);
    lua_call(state, 0, 1);
    keep_only(state, basic_names);
    constexpr luaL_Reg ours[] = {
        {"pcall", protected_call}, {"select", select}, {"xpcall", protected_call_with_handler}, {nullptr, nullptr}};
    luaL_setfuncs(state, ours, 0);
    lua_pop(state, 1);

    open_metatables(state);
    open_pairs(state);
    open_text(state);
    open_string(state);
    open_table(state);
    open_math(state);
    open_coroutine(state);
}

} // namespace playhead::lua
