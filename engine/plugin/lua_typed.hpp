#pragma once

#include "plugin/type.hpp"

struct lua_State;

// Inside plugin only.
namespace playhead::lua {

// Pushes a value as its type has it: where the type says that a map's keys are integers or viewers' ids, they are
// integers in Lua, although they are decimal text in a Value. May raise, see push_value.
void push_typed(lua_State* state, const Value& value, const Type& type);

} // namespace playhead::lua
