#include "parts.hpp"

#include <lua.hpp>

#include <cstdlib>
#include <string>
#include <vector>

// The baseline: what one gets who takes Lua as it is, loads its libraries and ten small plugins from stripped bytecode,
// and counts nothing.
namespace playhead::bench {
namespace {

constexpr int plugin_count = 10;

constexpr const char* small_plugin = R"(
local count = 0
return function(value)
  count = count + 1
  local line = { from = value, text = "line " .. count, tick = count }
  return line.tick
end
)";

int append(lua_State*, const void* bytes, std::size_t size, void* to) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(bytes), size);
    return 0;
}

std::string bytecode() {
    lua_State* state = luaL_newstate();
    std::string code;
    if (luaL_loadstring(state, small_plugin) != LUA_OK) std::abort();
    lua_dump(state, append, &code, 1);
    lua_close(state);
    return code;
}

lua_State* open_state(const std::string& code, int plugins) {
    lua_State* state = luaL_newstate();
    for (const luaL_Reg& library : {luaL_Reg{"_G", luaopen_base}, luaL_Reg{"table", luaopen_table},
                                    luaL_Reg{"string", luaopen_string}, luaL_Reg{"math", luaopen_math}}) {
        luaL_requiref(state, library.name, library.func, 1);
        lua_pop(state, 1);
    }
    for (int i = 0; i < plugins; ++i) {
        if (luaL_loadbufferx(state, code.data(), code.size(), "plugin", "b") != LUA_OK) std::abort();
        lua_call(state, 0, 1);
        luaL_ref(state, LUA_REGISTRYINDEX);
    }
    lua_gc(state, LUA_GCCOLLECT);
    return state;
}

} // namespace

void bare_lua(Results& results, const Size& size) {
    const std::string code = bytecode();
    std::vector<lua_State*> states;
    states.reserve(static_cast<std::size_t>(size.rooms));
    const double before = resident_kib();
    std::vector<double> create_us;
    for (int i = 0; i < size.rooms; ++i) {
        const std::int64_t start = thread_ns();
        states.push_back(open_state(code, plugin_count));
        create_us.push_back(static_cast<double>(thread_ns() - start) / 1e3);
    }
    results.add("baseline_bare_state_kib", (resident_kib() - before) / size.rooms);
    results.add("baseline_bare_state_create_us", std::move(create_us));
    // One call of one plugin in each.
    std::vector<double> call_us;
    for (int round = 1; round <= 9; ++round) {
        const std::int64_t start = thread_ns();
        for (lua_State* state : states) {
            lua_rawgeti(state, LUA_REGISTRYINDEX, lua_Integer{LUA_RIDX_LAST} + 1 + round % plugin_count);
            if (lua_isfunction(state, -1) == 0) std::abort();
            lua_pushinteger(state, round);
            lua_call(state, 1, 1);
            lua_pop(state, 1);
        }
        call_us.push_back(static_cast<double>(thread_ns() - start) / 1e3 / size.rooms);
    }
    results.add("baseline_bare_state_call_us", std::move(call_us));
}

} // namespace playhead::bench
