#include "fuzz/targets.hpp"
#include "plugin/lua_source.hpp"
#include "plugin/lua_state.hpp"

#include <string_view>

namespace playhead::fuzz {

// Any text as a config script: it ends, and what it returns survives being printed and read again.
void fuzz_script(ByteView input) {
    static constexpr LuaLimits limits{.memory_bytes_max = 1024 * 1024, .instructions_max = 20'000};
    LuaState state{limits};
    const auto value = state.run({reinterpret_cast<const char*>(input.data()), input.size()}, "fuzz.lua");
    must(state.memory_bytes() <= limits.memory_bytes_max, "memory is within its limit");
    if (!value) {
        must(!value.error().message.empty(), "a refusal has a reason");
        return;
    }
    const std::string printed = "return " + to_lua(*value);
    if (printed.size() > LuaLimits{}.source_bytes_max) return;
    const auto again = run_script(printed, "printed.lua");
    if (!again) { // a text may have become too long for one literal
        must(again.error().code == ErrorCode::too_large, "what is printed is Lua");
        return;
    }
    must("return " + to_lua(*again) == printed, "what is printed is the same value");
}

} // namespace playhead::fuzz
