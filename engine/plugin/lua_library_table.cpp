#include "plugin/lua_budget.hpp"
#include "plugin/lua_library.hpp"
#include "plugin/lua_sandbox.hpp"

#include <lua.hpp>

#include <algorithm>
#include <utility>

// The table functions, our own. Lua's ask metamethods, so that a __len of 1e18 or a move of 1e15 absent elements loops
// in C where no hook sees it, and its sort chooses pivots by the clock. These look at the table itself, are charged for
// every element, and sort by merging: stable, never quadratic, the same on every machine.
namespace playhead::lua {
namespace {

constexpr std::int64_t move_cost = 2; // of reading an element and writing it elsewhere
constexpr lua_Integer results_max = 1000;

// Of a table that is only read: views will do.
lua_Integer length_of(lua_State* state, int argument) {
    luaL_checktype(state, argument, LUA_TTABLE);
    see_through(state, argument);
    return static_cast<lua_Integer>(lua_rawlen(state, argument));
}

lua_Integer writable_length_of(lua_State* state, int argument) {
    check_writable(state, argument);
    return static_cast<lua_Integer>(lua_rawlen(state, argument));
}

std::int64_t cost_of(lua_Integer elements) {
    return elements > LUA_MAXINTEGER / move_cost ? LUA_MAXINTEGER : elements * move_cost;
}

// How many elements first..last are; a span too long to count is as long as can be, and too dear for any budget.
lua_Integer span_of(lua_Integer first, lua_Integer last) {
    if (first > last) return 0;
    const auto span = static_cast<lua_Unsigned>(last) - static_cast<lua_Unsigned>(first);
    return span >= static_cast<lua_Unsigned>(LUA_MAXINTEGER) ? LUA_MAXINTEGER : static_cast<lua_Integer>(span) + 1;
}

// table.insert(list, [position,] value)
int insert(lua_State* state) {
    const lua_Integer end = writable_length_of(state, 1) + 1;
    const int count = lua_gettop(state);
    luaL_argcheck(state, count == 2 || count == 3, 2, "expected insert(list, [position,] value)");
    lua_Integer position = end;
    if (count == 3) {
        position = luaL_checkinteger(state, 2);
        luaL_argcheck(state, position >= 1 && position <= end, 2, "position out of bounds");
        charge(state, cost_of(end - position));
        for (lua_Integer i = end; i > position; --i) {
            lua_rawgeti(state, 1, i - 1);
            lua_rawseti(state, 1, i);
        }
    }
    lua_settop(state, count);
    lua_rawseti(state, 1, position);
    return 0;
}

// table.remove(list, position = #list) -> the removed value
int remove(lua_State* state) {
    const lua_Integer length = writable_length_of(state, 1);
    const lua_Integer position = luaL_optinteger(state, 2, length);
    if (lua_gettop(state) > 1)
        luaL_argcheck(state, (length == 0 && position == 0) || (position >= 1 && position <= length + 1), 2,
                      "position out of bounds");
    charge(state, cost_of(length - position));
    lua_rawgeti(state, 1, position);
    for (lua_Integer i = position; i < length; ++i) {
        lua_rawgeti(state, 1, i + 1);
        lua_rawseti(state, 1, i);
    }
    if (position <= length) {
        lua_pushnil(state);
        lua_rawseti(state, 1, std::max(position, length));
    }
    return 1;
}

// table.concat(list, separator = "", first = 1, last = #list) -> string
int concat(lua_State* state) {
    const lua_Integer length = length_of(state, 1);
    std::size_t between = 0;
    const char* separator = luaL_optlstring(state, 2, "", &between);
    const lua_Integer first = luaL_optinteger(state, 3, 1);
    const lua_Integer last = luaL_optinteger(state, 4, length);
    charge(state, cost_of(std::min(span_of(first, last), length + 1))); // it ends at the first hole
    const std::size_t most = budget_of(state).limits.string_bytes_max;
    luaL_Buffer buffer;
    luaL_buffinit(state, &buffer);
    for (lua_Integer i = first; i <= last; ++i) {
        const int type = lua_rawgeti(state, 1, i);
        if (type != LUA_TSTRING && type != LUA_TNUMBER)
            return luaL_error(state, "table.concat: value at index %I is a %s", static_cast<LUAI_UACINT>(i),
                              luaL_typename(state, -1));
        if (type == LUA_TNUMBER) {
            push_text(state, -1, nullptr);
            lua_remove(state, -2);
        }
        luaL_addvalue(&buffer);
        if (i == last) break; // before i could overflow
        luaL_addlstring(&buffer, separator, between);
        if (luaL_bufflen(&buffer) > most)
            return luaL_error(state, "table.concat would make more than %d bytes", static_cast<int>(most));
    }
    luaL_pushresult(&buffer);
    return 1;
}

// table.unpack(list, first = 1, last = #list) -> values
int unpack(lua_State* state) {
    const lua_Integer length = length_of(state, 1);
    const lua_Integer first = luaL_optinteger(state, 2, 1);
    const lua_Integer last = luaL_optinteger(state, 3, length);
    const lua_Integer count = span_of(first, last);
    charge(state, cost_of(count));
    if (count > results_max || lua_checkstack(state, static_cast<int>(count)) == 0)
        return luaL_error(state, "too many results to unpack: at most %d", static_cast<int>(results_max));
    for (lua_Integer i = 0; i < count; ++i) lua_rawgeti(state, 1, first + i);
    return static_cast<int>(count);
}

// table.pack(...) -> list with n
int pack(lua_State* state) {
    const int count = lua_gettop(state);
    charge(state, cost_of(count));
    lua_createtable(state, list_hint(count), 1);
    lua_insert(state, 1);
    for (int i = count; i >= 1; --i) lua_rawseti(state, 1, i);
    lua_pushinteger(state, count);
    lua_setfield(state, 1, "n");
    return 1;
}

// table.move(from, first, last, to_first, to = from) -> to
int move(lua_State* state) {
    luaL_checktype(state, 1, LUA_TTABLE);
    const lua_Integer first = luaL_checkinteger(state, 2);
    const lua_Integer last = luaL_checkinteger(state, 3);
    const lua_Integer to_first = luaL_checkinteger(state, 4);
    const int to = lua_isnoneornil(state, 5) ? 1 : 5;
    check_writable(state, to);
    see_through(state, 1);
    const lua_Integer count = span_of(first, last);
    charge(state, cost_of(count));
    luaL_argcheck(state, count == 0 || to_first <= LUA_MAXINTEGER - count + 1, 4, "destination wraps around");
    // Away from what is still to be read, when the spans overlap.
    const bool backward = to_first > first && to_first <= last && lua_rawequal(state, 1, to) != 0;
    for (lua_Integer i = 0; i < count; ++i) {
        const lua_Integer at = backward ? count - 1 - i : i;
        lua_rawgeti(state, 1, first + at);
        lua_rawseti(state, to, to_first + at);
    }
    lua_pushvalue(state, to);
    return 1;
}

// Is the value on top less than the one under it? Pops neither.
bool top_is_less(lua_State* state) {
    if (lua_isnil(state, 2)) return lua_compare(state, -1, -2, LUA_OPLT) != 0;
    lua_pushvalue(state, 2);
    lua_pushvalue(state, -2);
    lua_pushvalue(state, -4);
    lua_call(state, 2, 1);
    const bool less = lua_toboolean(state, -1) != 0;
    lua_pop(state, 1);
    return less;
}

// Merges from[left, middle) and from[middle, right) into `to`; indices from 1.
void merge(lua_State* state, int from, int to, lua_Integer left, lua_Integer middle, lua_Integer right) {
    constexpr std::int64_t compare_cost =
        8; // with the calls around it; a comparison of texts is dearer than of numbers
    lua_Integer second = middle;
    for (lua_Integer out = left; out < right; ++out) {
        charge(state, compare_cost);
        bool take_second = left >= middle;
        if (!take_second && second < right) {
            lua_rawgeti(state, from, left);
            lua_rawgeti(state, from, second);
            take_second = top_is_less(state); // only then: equal elements keep their order
            lua_pop(state, 2);
        }
        lua_rawgeti(state, from, take_second ? second++ : left++);
        lua_rawseti(state, to, out);
    }
}

// table.sort(list, less = <)
int sort(lua_State* state) {
    const lua_Integer length = writable_length_of(state, 1);
    if (!lua_isnoneornil(state, 2)) luaL_checktype(state, 2, LUA_TFUNCTION);
    lua_settop(state, 2);
    charge(state, cost_of(2 * length));
    // Two tables of our own, so that a comparison that changes the list cannot confuse us.
    int from = 3;
    int to = 4;
    lua_createtable(state, list_hint(length), 0);
    lua_createtable(state, list_hint(length), 0);
    for (lua_Integer i = 1; i <= length; ++i) {
        lua_rawgeti(state, 1, i);
        lua_rawseti(state, from, i);
    }
    for (lua_Integer width = 1; width < length; width *= 2) {
        for (lua_Integer left = 1; left <= length; left += 2 * width)
            merge(state, from, to, left, std::min(left + width, length + 1), std::min(left + 2 * width, length + 1));
        std::swap(from, to);
    }
    for (lua_Integer i = 1; i <= length; ++i) {
        lua_rawgeti(state, from, i);
        lua_rawseti(state, 1, i);
    }
    return 0;
}

} // namespace

void open_table(lua_State* state) {
    constexpr luaL_Reg functions[] = {{"concat", concat}, {"insert", insert}, {"move", move},     {"pack", pack},
                                      {"remove", remove}, {"sort", sort},     {"unpack", unpack}, {nullptr, nullptr}};
    lua_createtable(state, 0, 7);
    luaL_setfuncs(state, functions, 0);
    make_read_only(state);
    lua_setglobal(state, "table");
}

} // namespace playhead::lua
