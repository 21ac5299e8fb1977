#pragma once

#include <cstddef>
#include <cstdint>

struct lua_State;

// Inside plugin only: the library that scripts get. What is not listed in these files is not there.
namespace playhead::lua {

// Sets the library up as the state's table of globals. May raise a Lua error (memory), so it is called protected.
void open_library(lua_State* state);

// Parts of it: each leaves nothing on the stack.
void open_metatables(lua_State* state); // setmetatable, getmetatable, rawset
void open_pairs(lua_State* state);      // next, pairs
void open_text(lua_State* state);       // tostring, tonumber
void open_string(lua_State* state);     // with those of open_pattern and open_format
void open_pattern(lua_State* state);    // adds to the table on top: find, gmatch, gsub, match
void open_format(lua_State* state);     // adds to the table on top: format
void open_table(lua_State* state);
void open_math(lua_State* state); // and utf8
void open_coroutine(lua_State* state);

// Removes every field of the table on top of the stack that is not in the zero-ended list.
void keep_only(lua_State* state, const char* const* names);

// Scripts cannot see keys that are light userdata: we keep notes in their tables under such keys.
bool is_hidden_key(lua_State* state, int index);
// Is it a table or object that scripts may not change? Never raises.
bool is_locked(lua_State* state, int index);
// Is it the metatable that all environments have? Never raises.
bool is_environment_metatable(lua_State* state, int index);
// Raises unless the argument is a table that may be changed.
void check_writable(lua_State* state, int argument);
// If the value at the (absolute) index is a read-only view, puts what it is a view of in its place. Never raises; for
// functions that only read.
void see_through(lua_State* state, int index);

// For lua_createtable. A list part of 3 * 2^n elements is as big as a hash part, and the allocator takes it for one.
int list_hint(std::int64_t length);

// Pushes the value as text, as tostring does: asks __tostring and __name, and shows no addresses. May run the script's
// code.
const char* push_text(lua_State* state, int index, std::size_t* size);

// What catching an error is charged: making its message may have gone through the whole function that raised it.
inline constexpr std::int64_t caught_error_cost = 400;

} // namespace playhead::lua
