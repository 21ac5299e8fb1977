#include "plugin/lua_state.hpp"

#include "plugin/lua_chunk.hpp"
#include "plugin/lua_sandbox.hpp"

#include <lua.hpp>

#include <string>
#include <utility>

namespace playhead {

struct LuaState::Impl {
    explicit Impl(const LuaLimits& from) : limits(from), sandbox(from) {}

    LuaLimits limits;
    lua::Sandbox sandbox;
    int environment = LUA_NOREF; // in the registry
    std::int64_t instructions_used = 0;
};

LuaState::LuaState(const LuaLimits& limits, LuaGlobals globals) : impl_(std::make_unique<Impl>(limits)) {
    static_cast<void>(impl_->sandbox.call([&](lua_State* state) {
        if (globals == LuaGlobals::library) {
            lua::push_environment(state);
        } else {
            lua_newtable(state);
        }
        impl_->environment = luaL_ref(state, LUA_REGISTRYINDEX);
    }));
}

LuaState::~LuaState() = default;

Result<Value> LuaState::run(std::string_view source, std::string_view name) {
    const LuaLimits& limits = impl_->limits;
    const std::string shown{name};
    if (!impl_->sandbox.usable() || impl_->environment == LUA_NOREF) {
        return std::unexpected(Error{ErrorCode::too_large,
                                     shown + ": " + std::to_string(limits.memory_bytes_max) +
                                         " bytes are not enough for an empty interpreter",
                                     0});
    }
    if (auto fault = lua::source_fault(source, name, limits)) return std::unexpected(std::move(*fault));
    const std::string chunk_name = "@" + shown; // "@": it is a file's name
    const lua::ReadingLimits reading{
        .nodes_max = limits.values_max, .depth_max = limits.value_depth_max, .bytes_max = limits.memory_bytes_max};
    std::expected<Value, lua::Complaint> result;
    const lua::Called called = impl_->sandbox.call([&](lua_State* state) {
        lua_rawgeti(state, LUA_REGISTRYINDEX, impl_->environment);
        lua::push_source(state, source, chunk_name.c_str(), -1);
        lua_call(state, 0, 1);
        result = lua::read_value(state, -1, reading);
    });
    impl_->instructions_used = called.instructions;
    if (called.failure) return std::unexpected(lua::error_of(*called.failure, name));
    if (!result) return std::unexpected(Error{result.error().code(), shown + ": " + result.error().text(), 0});
    return std::move(*result);
}

std::size_t LuaState::memory_bytes() const { return impl_->sandbox.memory_bytes(); }

std::int64_t LuaState::instructions_used() const { return impl_->instructions_used; }

Result<Value> run_script(std::string_view source, std::string_view name, const LuaLimits& limits, LuaGlobals globals) {
    return LuaState{limits, globals}.run(source, name);
}

} // namespace playhead
