#pragma once

#include "core/value.hpp"
#include "plugin/host_room.hpp"
#include "plugin/lua_sandbox.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>

struct lua_State;
struct luaL_Reg; // NOLINT(readability-identifier-naming): Lua's name

// Inside plugin only. Lua calls us: what a plugin finds in `P`, in `room` and in the fields of its state.
// Everything acts for the plugin whose hook runs (HostRoom::running), whatever object it was called on, so that an
// object that got into the wrong hands gives nobody another's rights.
namespace playhead::lua {

// The kinds of objects that plugins hold: names of their metatables, and how messages call them.
inline constexpr const char* room_object = "room";
inline constexpr const char* state_object = "a plugin's state";
inline constexpr const char* counter_object = "counter";
inline constexpr const char* map_object = "map";
inline constexpr const char* list_object = "list";
inline constexpr const char* ring_object = "ring";
inline constexpr const char* store_object = "P.store";
inline constexpr const char* limiter_object = "limiter";
inline constexpr const char* denial_object = "denial";

class Digest;
// Is it a plugin's state, or a field of one? Then it is added. Never raises.
bool add_state_object(lua_State* state, int index, Digest& digest);

// Sets up what all plugins of a state share. May raise. (lua_api.cpp; the others are parts of it)
void open_api(lua_State* state);
void open_room(lua_State* state);
void open_state(lua_State* state);
void open_objects(lua_State* state);
// P:limiter and P.deny.
int make_limiter(lua_State* state);
int make_denial(lua_State* state);

// Makes a kind of object: its methods and metamethods (either may be null), locked. Leaves nothing on the stack.
void open_object(lua_State* state, const char* name, const luaL_Reg* methods, const luaL_Reg* metamethods);

// The `P` of a plugin and the `room`. May raise.
void push_plugin(lua_State* state, const HostedPlugin& hosted);
void push_room(lua_State* state);
// The fields of a plugin's state. May raise.
void push_state(lua_State* state, const HostedPlugin& hosted, bool saved, bool writable);

// The plugin's functions, by Hook::slot: a table, kept out of reach of scripts. push_functions pushes nil after
// drop_functions. May raise.
void make_functions(lua_State* state, const HostedPlugin& hosted);
void push_functions(lua_State* state, const HostedPlugin& hosted);
void drop_functions(lua_State* state, const HostedPlugin& hosted);

// What P.deny made.
struct Denial {
    static constexpr std::size_t code_bytes_max = 64;
    static constexpr std::size_t message_bytes_max = 500;
    std::string code;
    std::string message;
    Value data;
};
// Never raises.   Errors: empty for anything else; a Complaint if its data are no data.
std::optional<std::expected<Denial, Complaint>> read_denial(lua_State* state, int index);

HostRoom& host_room(lua_State* state);
// The same, for functions that look at the room or change it: starting a plugin that uses one is more than registering.
HostRoom& room_at_work(lua_State* state);

// What a function of the API owns C++ objects in; see THE RULE in lua_sandbox.hpp. `work` returns a HostRoom::Done.
template <class Work>
void attempt(lua_State* state, Work&& work) {
    checked(state, [&]() -> std::optional<Complaint> {
        const HostRoom::Done done = work();
        return done ? std::nullopt : std::optional{done.error()};
    });
}

// The argument at `index` as data; nil for none. Never raises.
std::expected<Value, Complaint> read_argument(lua_State* state, int index, std::string_view what);

} // namespace playhead::lua
