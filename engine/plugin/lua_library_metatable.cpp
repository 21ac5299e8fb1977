#include "plugin/lua_budget.hpp"
#include "plugin/lua_library.hpp"
#include "plugin/lua_sandbox.hpp"

#include <lua.hpp>

#include <algorithm>
#include <array>

// Metatables that can do no harm. In stock Lua a metatable is live: whatever is written into it later counts, and no
// function of ours is asked. A weak table could so be made after any check, and a chain of 2,000 __index tables, of
// which each was harmless when it was set, costs 30 us in one instruction. So setmetatable gives the table a *seal*: a
// copy of the events that the script's table holds at that moment, which scripts can never reach. getmetatable shows
// the script's own table. What is added to that later counts when it is set again.
//
// The seal is kept in the script's table and the other way round, under keys that scripts can neither make nor see.
// How long a chain of __index (or __newindex) tables stands above a table is noted in it in the same way, so that a
// chain can be measured from any link that is added to it.
namespace playhead::lua {
namespace {

char seal_key;   // in a script's metatable: its seal
char origin_key; // in a seal: the script's metatable
char locked_key; // in a metatable of the host's: scripts may not change what has it
char environment_key;
char above_index_key;
char above_newindex_key;

constexpr const char* events[] = {"__index", "__newindex", "__call", "__tostring", "__name",     "__pairs", "__len",
                                  "__eq",    "__lt",       "__le",   "__concat",   "__unm",      "__add",   "__sub",
                                  "__mul",   "__div",      "__mod",  "__idiv",     "__pow",      "__band",  "__bor",
                                  "__bxor",  "__shl",      "__shr",  "__bnot",     "__metatable"};
// Finalizers run uncounted; weak tables show when the collector runs; closing variables run while an error passes by.
constexpr const char* refused_events[] = {"__gc", "__mode", "__close"};

constexpr std::int64_t seal_cost = 100;
constexpr int chain_max = 16;

// Pushes table[name] without asking metamethods; its type.
int raw_field(lua_State* state, int table, const char* name) {
    lua_pushstring(state, name);
    return lua_rawget(state, table);
}

void check_events(lua_State* state, int metatable) {
    for (const char* refused : refused_events)
        if (raw_field(state, metatable, refused) != LUA_TNIL) luaL_error(state, "a metatable may not have %s", refused);
    const int type = raw_field(state, metatable, "__call");
    // A table there would be called in turn, and so on, each time moving all arguments.
    if (type != LUA_TNIL && type != LUA_TFUNCTION)
        luaL_error(state, "__call must be a function, not a %s", lua_typename(state, type));
    lua_pop(state, static_cast<int>(std::size(refused_events)) + 1);
}

bool same_events(lua_State* state, int metatable, int seal) {
    for (const char* event : events) {
        raw_field(state, metatable, event);
        raw_field(state, seal, event);
        const bool same = lua_rawequal(state, -1, -2) != 0;
        lua_pop(state, 2);
        if (!same) return false;
    }
    return true;
}

// Pushes the seal of the script's metatable at `metatable`.
void push_seal(lua_State* state, int metatable) {
    if (lua_rawgetp(state, metatable, &seal_key) == LUA_TTABLE && same_events(state, metatable, lua_gettop(state)))
        return;
    lua_pop(state, 1);
    lua_createtable(state, 0, 4);
    const int seal = lua_gettop(state);
    for (const char* event : events) {
        lua_pushstring(state, event);
        lua_pushvalue(state, -1);
        if (lua_rawget(state, metatable) == LUA_TNIL) {
            lua_pop(state, 2);
        } else {
            lua_rawset(state, seal);
        }
    }
    lua_pushvalue(state, metatable);
    lua_rawsetp(state, seal, &origin_key);
    lua_pushvalue(state, seal);
    lua_rawsetp(state, metatable, &seal_key);
}

// Replaces the table on top by the table that it passes `event` on to; false (and pops it) if there is none.
bool follow(lua_State* state, const char* event) {
    if (lua_getmetatable(state, -1) == 0) {
        lua_pop(state, 1);
        return false;
    }
    const int type = raw_field(state, lua_gettop(state), event);
    lua_replace(state, -3);
    lua_pop(state, 1);
    if (type == LUA_TTABLE) return true;
    lua_pop(state, 1);
    return false;
}

lua_Integer note_of(lua_State* state, int table, const char* key) {
    lua_rawgetp(state, table, key);
    const lua_Integer note = lua_tointeger(state, -1);
    lua_pop(state, 1);
    return note;
}

// The table at `table` is to pass `event` on as the seal at `seal` says: raises if that makes too long a chain.
void link_chain(lua_State* state, int table, int seal, const char* event, const char* above_key) {
    if (raw_field(state, seal, event) != LUA_TTABLE) {
        lua_pop(state, 1);
        return;
    }
    const lua_Integer above = note_of(state, table, above_key) + 1;
    lua_pushvalue(state, -1);
    lua_Integer length = above;
    do {
        if (lua_rawequal(state, -1, table) != 0) luaL_error(state, "a table follows itself by %s", event);
        if (length++ > chain_max) luaL_error(state, "more than %d tables follow one another by %s", chain_max, event);
    } while (follow(state, event));
    // Each table below now has at least so many above it.
    for (length = above;; ++length) {
        if (note_of(state, lua_gettop(state), above_key) >= length) {
            lua_pop(state, 1);
            return;
        }
        lua_pushinteger(state, length);
        lua_rawsetp(state, -2, above_key);
        if (!follow(state, event)) return;
    }
}

// setmetatable(table, metatable) -> table
int set_metatable(lua_State* state) {
    luaL_checktype(state, 1, LUA_TTABLE);
    const int type = lua_type(state, 2);
    luaL_argexpected(state, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    lua_settop(state, 2);
    if (luaL_getmetafield(state, 1, "__metatable") != LUA_TNIL)
        return luaL_error(state, "cannot change a protected metatable");
    if (type == LUA_TTABLE) {
        charge(state, seal_cost);
        check_events(state, 2);
        push_seal(state, 2);
        link_chain(state, 1, 3, "__index", &above_index_key);
        link_chain(state, 1, 3, "__newindex", &above_newindex_key);
    }
    lua_setmetatable(state, 1); // the seal, or the nil
    lua_settop(state, 1);
    return 1;
}

// getmetatable(value) -> what __metatable says, or the table given to setmetatable; nil if there is none
int get_metatable(lua_State* state) {
    luaL_checkany(state, 1);
    lua_settop(state, 1);
    if (lua_getmetatable(state, 1) == 0) {
        lua_pushnil(state);
        return 1;
    }
    if (raw_field(state, 2, "__metatable") != LUA_TNIL) return 1;
    // One that has no origin is the host's.
    if (lua_rawgetp(state, 2, &origin_key) == LUA_TNIL) lua_pushboolean(state, 0);
    return 1;
}

// rawset(table, key, value) -> table
int raw_set(lua_State* state) {
    check_writable(state, 1);
    luaL_checkany(state, 2);
    luaL_checkany(state, 3);
    lua_settop(state, 3);
    lua_rawset(state, 1);
    return 1;
}

int refuse_write(lua_State* state) {
    if (lua_type(state, 2) == LUA_TSTRING)
        return luaL_error(state, "cannot set '%s': this table can only be read", lua_tostring(state, 2));
    return luaL_error(state, "this table can only be read");
}

int view_length(lua_State* state) {
    lua_settop(state, 1);
    see_through(state, 1);
    lua_pushinteger(state, static_cast<lua_Integer>(lua_rawlen(state, 1)));
    return 1;
}

} // namespace

bool is_hidden_key(lua_State* state, int index) { return lua_type(state, index) == LUA_TLIGHTUSERDATA; }

bool is_locked(lua_State* state, int index) {
    if (lua_getmetatable(state, index) == 0) return false;
    const bool locked = lua_rawgetp(state, -1, &locked_key) != LUA_TNIL;
    lua_pop(state, 2);
    return locked;
}

bool is_environment_metatable(lua_State* state, int index) {
    index = lua_absindex(state, index);
    lua_rawgetp(state, LUA_REGISTRYINDEX, &environment_key);
    const bool is = lua_rawequal(state, -1, index) != 0;
    lua_pop(state, 1);
    return is;
}

void check_writable(lua_State* state, int argument) {
    luaL_checktype(state, argument, LUA_TTABLE);
    if (is_locked(state, argument)) luaL_argerror(state, argument, "this table can only be read");
}

void see_through(lua_State* state, int index) {
    if (lua_type(state, index) != LUA_TTABLE || lua_getmetatable(state, index) == 0) return;
    // The note of the lock is what the view shows.
    if (lua_rawgetp(state, -1, &locked_key) == LUA_TTABLE) {
        lua_replace(state, index);
        lua_pop(state, 1);
    } else {
        lua_pop(state, 2);
    }
}

void lock_metatable(lua_State* state) {
    lua_pushboolean(state, 0);
    lua_setfield(state, -2, "__metatable");
    lua_pushboolean(state, 1);
    lua_rawsetp(state, -2, &locked_key);
}

void make_read_only(lua_State* state) {
    const int table = lua_gettop(state);
    luaL_checkstack(state, 4, "a read-only table");
    lua_newtable(state);
    lua_createtable(state, 0, 5);
    lua_pushvalue(state, table);
    lua_setfield(state, -2, "__index");
    lua_pushcfunction(state, refuse_write);
    lua_setfield(state, -2, "__newindex");
    lua_pushcfunction(state, view_length);
    lua_setfield(state, -2, "__len");
    lua_pushboolean(state, 0);
    lua_setfield(state, -2, "__metatable");
    lua_pushvalue(state, table);
    lua_rawsetp(state, -2, &locked_key);
    lua_setmetatable(state, -2);
    lua_replace(state, table);
}

void push_environment(lua_State* state) {
    lua_createtable(state, 0, 4);
    lua_pushvalue(state, -1);
    lua_setfield(state, -2, "_G");
    lua_rawgetp(state, LUA_REGISTRYINDEX, &environment_key);
    lua_setmetatable(state, -2);
}

void open_metatables(lua_State* state) {
    lua_pushglobaltable(state);
    constexpr luaL_Reg functions[] = {
        {"getmetatable", get_metatable}, {"rawset", raw_set}, {"setmetatable", set_metatable}, {nullptr, nullptr}};
    luaL_setfuncs(state, functions, 0);
    // One metatable for all environments: they read through to the library and are their owner's to write.
    lua_createtable(state, 0, 2);
    lua_pushvalue(state, -2);
    lua_setfield(state, -2, "__index");
    lua_pushboolean(state, 0);
    lua_setfield(state, -2, "__metatable");
    lua_rawsetp(state, LUA_REGISTRYINDEX, &environment_key);
    lua_pop(state, 1);
}

} // namespace playhead::lua
