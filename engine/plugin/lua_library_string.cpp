#include "plugin/lua_budget.hpp"
#include "plugin/lua_library.hpp"

#include <lua.hpp>

// Strings without the functions that can run for ever or out of the sandbox. find, match, gmatch and gsub are left out:
// Lua's matcher backtracks inside one C call, so ("a"):rep(2000):find("a*a*b") takes ten seconds that no hook sees
// (measured; DESIGN section 5 asks for a matcher of our own, which comes with the plugin host: a config script needs
// none). dump gives bytecode; pack and unpack address memory layouts. What is left is linear in strings that LuaLimits
// keeps short, and pays for what it makes through the allocator.
namespace playhead::lua {
namespace {

constexpr const char* names[] = {"byte", "char", "format", "len", "lower", "reverse", "sub", "upper", nullptr};

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

} // namespace

void open_string(lua_State* state) {
    lua_pushcfunction(state, luaopen_string);
    lua_call(state, 0, 1);
    keep_only(state, names);
    constexpr luaL_Reg ours[] = {{"rep", repeat}, {nullptr, nullptr}};
    luaL_setfuncs(state, ours, 0);
    lua_setglobal(state, "string");
    // All strings share one metatable: nobody may change how everybody's strings behave.
    lua_pushliteral(state, "");
    lua_getmetatable(state, -1);
    lua_pushboolean(state, 0);
    lua_setfield(state, -2, "__metatable");
    lua_pop(state, 2);
}

} // namespace playhead::lua
