#pragma once

#include "core/value.hpp"
#include "plugin/host_room.hpp"
#include "plugin/lua_api.hpp"
#include "plugin/lua_sandbox.hpp"

#include <cstdint>
#include <optional>
#include <span>

struct lua_State;

// Inside plugin only. We call Lua: a plugin's init.lua and its hooks. What a call did wrong is in Called::failure; what
// it wrote before that is for the caller to undo.
namespace playhead::lua {

// What a hook is given beside the room. Borrowed.
struct HookArgument {
    const Value* value = nullptr;
    const Type* type = nullptr;        // of the value, or of one field of it:
    const char* typed_field = nullptr; // "args"
};

// What a hook returned.
struct HookAnswer {
    Value value;
    std::optional<Denial> denial;
};

struct HookCall {
    const HostedPlugin* hosted = nullptr;
    int slot = 0;
    bool with_room = true;
    std::span<const HookArgument> arguments;
};

// Sets a new state up for plugins.
Called open(Sandbox& sandbox);
// Runs init.lua in an environment of its own. `hosted` is HostRoom::running.
Called start(Sandbox& sandbox, const HostedPlugin& hosted);
// Lets go of a plugin's functions, and with them of all it had.
Called stop(Sandbox& sandbox, const HostedPlugin& hosted);

// Gives everything back that starting has left behind, which is about a third of what there is.
void collect_all(Sandbox& sandbox);

// Calls a hook; `answer` may be null for those that return nothing.
Called run(Sandbox& sandbox, const HookCall& call, HookAnswer* answer);
// The same from inside another hook, within what that has left.
Called run_within(Sandbox& sandbox, lua_State* state, std::int64_t instructions, const HookCall& call,
                  HookAnswer* answer);

} // namespace playhead::lua
