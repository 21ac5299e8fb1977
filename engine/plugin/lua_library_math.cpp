#include "plugin/lua_budget.hpp"
#include "plugin/lua_library.hpp"
#include "plugin/lua_sandbox.hpp"

#include <lua.hpp>

#include <cstdlib>

// Mathematics that comes out the same on every machine: what IEEE 754 rounds exactly, so no sin, exp, log, and for
// powers only whole exponents. And utf8, charged for the text it goes through.
namespace playhead::lua {
namespace {

constexpr const char* math_names[] = {"abs",        "ceil", "floor",      "fmod", "huge", "max",
                                      "maxinteger", "min",  "mininteger", "modf", "pi",   "sqrt",
                                      "tointeger",  "type", "ult",        nullptr};

// math.pow(x, n) -> x to the whole power n, as a float
// The products are taken in an order that is part of the contract: rounding depends on it.
int power(lua_State* state) {
    lua_Number base = luaL_checknumber(state, 1);
    const lua_Integer exponent = luaL_checkinteger(state, 2);
    lua_Number result = 1.0;
    lua_Unsigned left = exponent < 0 ? 0U - static_cast<lua_Unsigned>(exponent) : static_cast<lua_Unsigned>(exponent);
    while (left != 0) {
        if ((left & 1U) != 0) result *= base;
        base *= base;
        left >>= 1U;
    }
    lua_pushnumber(state, exponent < 0 ? 1.0 / result : result);
    return 1;
}

constexpr std::int64_t bytes_per_unit = 4;

std::int64_t text_size(lua_State* state) {
    return lua_type(state, 1) == LUA_TSTRING ? static_cast<std::int64_t>(lua_rawlen(state, 1)) : 0;
}

// Lua's own function, in the upvalue.
int call_original(lua_State* state, std::int64_t bytes) {
    charge(state, 2 + bytes / bytes_per_unit);
    return lua_tocfunction(state, lua_upvalueindex(1))(state);
}

int utf8_length(lua_State* state) { return call_original(state, text_size(state)); }

int utf8_codepoint(lua_State* state) { return call_original(state, lua_isnoneornil(state, 3) ? 0 : text_size(state)); }

int utf8_offset(lua_State* state) {
    const lua_Integer count = lua_tointeger(state, 2);
    const std::int64_t size = text_size(state);
    return call_original(state, count > size || count < -size ? size : std::abs(count));
}

} // namespace

void open_math(lua_State* state) {
    lua_pushcfunction(state, luaopen_math);
    lua_call(state, 0, 1);
    keep_only(state, math_names);
    lua_pushcfunction(state, power);
    lua_setfield(state, -2, "pow");
    make_read_only(state);
    lua_setglobal(state, "math");

    lua_pushcfunction(state, luaopen_utf8);
    lua_call(state, 0, 1);
    constexpr luaL_Reg charged[] = {
        {"codepoint", utf8_codepoint}, {"len", utf8_length}, {"offset", utf8_offset}, {nullptr, nullptr}};
    for (const luaL_Reg* at = charged; at->name != nullptr; ++at) {
        lua_getfield(state, -1, at->name);
        lua_pushcclosure(state, at->func, 1);
        lua_setfield(state, -2, at->name);
    }
    make_read_only(state);
    lua_setglobal(state, "utf8");
}

} // namespace playhead::lua
