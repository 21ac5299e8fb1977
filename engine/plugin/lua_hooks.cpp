#include "plugin/lua_hooks.hpp"

#include "plugin/lua_chunk.hpp"
#include "plugin/lua_typed.hpp"

#include <lua.hpp>

#include <utility>

namespace playhead::lua {
namespace {

// May raise: what it pushes belongs to the caller.
void push_argument(lua_State* state, const HookArgument& argument) {
    if (argument.value == nullptr) return lua_pushnil(state);
    const auto* map = argument.value->get_if<Value::Map>();
    if (argument.type == nullptr) return push_value(state, *argument.value);
    if (argument.typed_field == nullptr || map == nullptr) return push_typed(state, *argument.value, *argument.type);
    lua_createtable(state, 0, static_cast<int>(map->size()));
    for (const Value::Entry& entry : *map) {
        lua_pushlstring(state, entry.key.data(), entry.key.size());
        if (entry.key == argument.typed_field)
            push_typed(state, entry.value, *argument.type);
        else
            push_value(state, entry.value);
        lua_rawset(state, -3);
    }
}

void call_hook(lua_State* state, const HookCall& call, HookAnswer* answer) {
    luaL_checkstack(state, 12, "too many hooks inside each other");
    push_functions(state, *call.hosted);
    lua_rawgeti(state, -1, call.slot);
    lua_remove(state, -2);
    int count = 0;
    if (call.with_room) {
        push_room(state);
        ++count;
    }
    for (const HookArgument& argument : call.arguments) {
        push_argument(state, argument);
        ++count;
    }
    lua_call(state, count, 1);
    if (answer == nullptr) return;
    checked(state, [&]() -> std::optional<Complaint> {
        if (auto denial = read_denial(state, -1)) {
            if (!*denial) return denial->error();
            answer->denial = std::move(**denial);
            return std::nullopt;
        }
        auto value = read_value(state, -1, {.integer_keys = true});
        if (!value) return value.error();
        answer->value = *std::move(value);
        return std::nullopt;
    });
}

} // namespace

Called open(Sandbox& sandbox) {
    return sandbox.call([](lua_State* state) { open_api(state); });
}

Called start(Sandbox& sandbox, const HostedPlugin& hosted) {
    return sandbox.call([&](lua_State* state) {
        make_functions(state, hosted);
        push_environment(state);
        push_chunk(state, *hosted.plugin->chunk, lua_gettop(state));
        push_plugin(state, hosted);
        lua_call(state, 1, 0);
    });
}

Called stop(Sandbox& sandbox, const HostedPlugin& hosted) {
    return sandbox.call([&](lua_State* state) { drop_functions(state, hosted); });
}

void collect_all(Sandbox& sandbox) {
    sandbox.call([](lua_State* state) { lua_gc(state, LUA_GCCOLLECT); });
}

Called run(Sandbox& sandbox, const HookCall& call, HookAnswer* answer) {
    return sandbox.call([&](lua_State* state) { call_hook(state, call, answer); });
}

Called run_within(Sandbox& sandbox, lua_State* state, std::int64_t instructions, const HookCall& call,
                  HookAnswer* answer) {
    return sandbox.call_within(state, instructions, [&](lua_State* inner) { call_hook(inner, call, answer); });
}

} // namespace playhead::lua
