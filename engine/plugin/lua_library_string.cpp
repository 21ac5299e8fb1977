#include "plugin/lua_budget.hpp"
#include "plugin/lua_library.hpp"
#include "plugin/lua_sandbox.hpp"

#include <lua.hpp>

#include <algorithm>

// Strings without the functions that get out of the sandbox: dump gives bytecode; pack and unpack address memory
// layouts. Those that search or format are in files of their own. What is left from Lua is linear in strings that
// LuaLimits keeps short, and pays for what it makes through the allocator.
namespace playhead::lua {
namespace {

constexpr const char* names[] = {"char", "len", "lower", "reverse", "sub", "upper", nullptr};
constexpr lua_Integer results_max = 1000;

// string.rep(s, n, separator = "") -> string
// The whole size is checked first: Lua's own would fill a buffer up to the memory limit before it fails.
int repeat(lua_State* state) {
    std::size_t size = 0;
    std::size_t between = 0;
    const char* text = luaL_checklstring(state, 1, &size);
    const lua_Integer times = luaL_checkinteger(state, 2);
    const char* separator = luaL_optlstring(state, 3, "", &between);
    if (times <= 0 || size + between == 0) {
        lua_pushliteral(state, "");
        return 1;
    }
    const std::size_t most = budget_of(state).limits.string_bytes_max;
    if (static_cast<lua_Unsigned>(times) > most / (size + between) + 1 ||
        static_cast<std::size_t>(times) * (size + between) - between > most)
        return luaL_error(state, "string.rep would make more than %d bytes", static_cast<int>(most));
    charge(state, times);
    luaL_Buffer buffer;
    luaL_buffinitsize(state, &buffer, static_cast<std::size_t>(times) * (size + between) - between);
    for (lua_Integer i = 0; i < times; ++i) {
        if (i > 0) luaL_addlstring(&buffer, separator, between);
        luaL_addlstring(&buffer, text, size);
    }
    luaL_pushresult(&buffer);
    return 1;
}

// Counted from 1, or from the end if negative; 0 for what lies before the first byte.
lua_Integer position_in(lua_Integer position, lua_Integer size) {
    if (position >= 0) return position;
    return position < -size ? 0 : size + position + 1;
}

// string.byte(s, first = 1, last = first) -> bytes
int byte(lua_State* state) {
    std::size_t length = 0;
    const char* text = luaL_checklstring(state, 1, &length);
    const auto size = static_cast<lua_Integer>(length);
    const lua_Integer given = luaL_optinteger(state, 2, 1);
    const lua_Integer first = std::max<lua_Integer>(position_in(given, size), 1);
    const lua_Integer last = std::min(position_in(luaL_optinteger(state, 3, given), size), size);
    if (first > last) return 0;
    const lua_Integer count = last - first + 1;
    luaL_argcheck(state, count <= results_max, 3, "more than 1000 bytes at once");
    charge(state, count);
    luaL_checkstack(state, static_cast<int>(count), "too many bytes");
    for (lua_Integer at = first; at <= last; ++at) lua_pushinteger(state, static_cast<unsigned char>(text[at - 1]));
    return static_cast<int>(count);
}

} // namespace

void open_string(lua_State* state) {
    lua_pushcfunction(state, luaopen_string);
    lua_call(state, 0, 1);
    keep_only(state, names);
    constexpr luaL_Reg ours[] = {{"byte", byte}, {"rep", repeat}, {nullptr, nullptr}};
    luaL_setfuncs(state, ours, 0);
    open_pattern(state);
    open_format(state);
    // All strings share one metatable, in place of Lua's with its arithmetic: nobody may change how everybody's strings
    // behave.
    lua_pushliteral(state, "");
    lua_createtable(state, 0, 2);
    lua_pushvalue(state, -3);
    lua_setfield(state, -2, "__index");
    lua_pushboolean(state, 0);
    lua_setfield(state, -2, "__metatable");
    lua_setmetatable(state, -2);
    lua_pop(state, 1);
    make_read_only(state);
    lua_setglobal(state, "string");
}

} // namespace playhead::lua
