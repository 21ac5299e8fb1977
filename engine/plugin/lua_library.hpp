#pragma once

struct lua_State;

// Inside plugin only: the library that scripts get. What is not listed in these files is not there.
namespace playhead::lua {

// Sets the globals up. May raise a Lua error (memory), so it is called protected.
void open_library(lua_State* state);

// Parts of it: each leaves nothing on the stack.
void open_string(lua_State* state);
void open_table(lua_State* state);
void open_coroutine(lua_State* state);

// Removes every field of the table on top of the stack that is not in the zero-ended list.
void keep_only(lua_State* state, const char* const* names);

} // namespace playhead::lua
