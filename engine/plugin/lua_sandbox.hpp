#pragma once

#include "plugin/lua_budget.hpp"
#include "plugin/lua_value.hpp"
#include "plugin/time_allowance.hpp"

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

// Inside plugin only. A Lua state that stays alive and hosts several plugins, and how C++ and Lua call each other.
//
// THE RULE. Lua is C: an error jumps (longjmp) from wherever it is raised to the innermost protected call, past every
// C++ destructor in between. So, in a function that Lua calls and in the body of Sandbox::call:
//   1. Read and check all arguments (luaL_check...), push all results and do everything else that can raise while no
//      C++ object with a destructor is alive. Almost every function of Lua can raise, if only for lack of memory;
//      lua_type, lua_to*, lua_rawlen, lua_gettop, lua_settop, lua_push{nil,boolean,integer,number,value} and
//      read_value cannot.
//   2. What needs such objects goes into the body of checked() below, which may not raise, and says what is wrong by
//      returning a Complaint; it is raised when the objects are gone.
//   3. Results that outlive the call belong to somebody outside: capture a reference, assign to it.
//   4. No exception may leave: the functions below are noexcept, so one ends the program.
// Example:
//     // room:log(text)
//     int log(lua_State* state) {
//         std::size_t size = 0;
//         const char* text = luaL_checklstring(state, 2, &size);        // may raise: nothing is alive yet
//         charge(state, 50);                                            // may not return
//         lua::checked(state, [&]() -> std::optional<lua::Complaint> {
//             auto& host = *static_cast<PluginHost*>(lua::host_of(state));
//             if (!host.log(std::string{text, size})) return lua::Complaint{"room:log: too much was logged in this
//             tick"}; return std::nullopt;
//         });
//         return 0;                                                     // how many results are on the stack
//     }
//     constexpr luaL_Reg functions[] = {{"log", log}, {nullptr, nullptr}};   luaL_setfuncs(state, functions, 0);
// Whatever a script can repeat is charged: 10 for a small function, more for one with loops (a unit is about 5 ns).
// Arguments: tables from a script may be anything, so they are read by lua_rawget or read_value, never by lua_next in
// its own order (it differs from run to run).
namespace playhead::lua {

// What a room's plugins may use together, except instructions_max, which is for one call.
inline constexpr LuaLimits plugin_limits{.memory_bytes_max = 8 * 1024 * 1024,
                                         .blocks_max = 32'768,
                                         .block_bytes_max = 256 * 1024,
                                         .string_bytes_max = 8 * 1024,
                                         .table_keys_max = 512,
                                         .instructions_max = 200'000};
inline constexpr std::int64_t tick_instructions_max = 1'000'000; // of one room

// How a call into Lua failed.
struct Failure {
    enum class Kind : std::uint8_t { error, instructions, tick, time, memory };
    Kind kind = Kind::error;
    std::string message;   // begins with file:line where there is one: "chat/init.lua:12: attempt to ..."
    std::string place;     // file:line alone, if known
    std::string traceback; // one "file:line, in ..." a line, innermost first; may be empty
    // It was ended for what it used up, not for a mistake in what it said.
    bool exhausted() const { return kind != Kind::error && kind != Kind::memory; }
};

// What a call into Lua came to.
struct Called {
    std::optional<Failure> failure;
    std::int64_t instructions = 0;      // charged, those of calls inside it too
    std::uint64_t allocated_bytes = 0;  // handed out, whether or not given back
    std::optional<Microseconds> took{}; // of outermost calls, if the sandbox has a TimeAllowance
    bool ok() const { return !failure.has_value(); }
};

// A Lua state that stays alive. It owns the interpreter; scripts in it see the library of lua_library.hpp and what the
// host registers.
//   Errors:  every call answers with Called::failure; the state is usable afterwards whatever it was.
//   Thread:  none of its own; one owner. Neither its stack nor its registry is used outside of call().
//   Bounds:  see Budget. A single instruction or library call takes at most about a millisecond even in a state that
//            was filled to hurt; nearly all of them less than 1 us.
class Sandbox {
  public:
    // All are borrowed and outlive the sandbox; each may be null. `memory` is for its small blocks, `code` for what it
    // may share with other states of chunks it loads.
    explicit Sandbox(const LuaLimits& limits, TimeAllowance* time = nullptr, void* host = nullptr,
                     LuaMemory* memory = nullptr, SharedCode* code = nullptr);
    ~Sandbox();
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    // False when the limits leave no room for an empty interpreter: every call fails.
    bool usable() const { return state_ != nullptr; }
    lua_State* main() { return state_; }

    // A new tick: the room's calls have `instructions` together until the next. Without it there is no such limit.
    void begin_tick(std::int64_t instructions = tick_instructions_max) { tick_left_ = instructions; }
    std::int64_t tick_left() const { return tick_left_; }

    // Calls body(lua_State*) where errors are caught and counted: the only way into Lua. The body keeps THE RULE; what
    // it leaves on the stack is dropped. Outermost:
    //     const Called called = sandbox.call([&](lua_State* state) {
    //         lua_rawgeti(state, LUA_REGISTRYINDEX, hook);  push_value(state, argument);
    //         lua_call(state, 1, 1);
    //         ... look at the result; lua::checked(state, [&] { result = lua::read_value(state, -1); ... });
    //     });
    template <class Body>
    Called call(Body&& body) {
        return enter(state_, budget_.limits.instructions_max, invoke<std::remove_reference_t<Body>>, &body);
    }
    // The same inside a call, from a C function that was given `state`, for what must not take its caller down with it
    // (the body has a stack of its own: it sees neither the arguments nor the upvalues of that C function)
    // (P:apply): of what its caller has left it may use `instructions`. If the caller's own budget or the time ends in
    // there, this call fails and its caller ends with the next instruction or charge.
    template <class Body>
    Called call_within(lua_State* state, std::int64_t instructions, Body&& body) {
        return enter(state, instructions, invoke<std::remove_reference_t<Body>>, &body);
    }

    // A step of garbage collection in proportion to what was allocated since the last, at most a fixed amount; nothing
    // if nothing ran. For after the commit: scripts then rarely collect inside their hooks. It counts as time of
    // theirs, and waits for the next tick when that is spent.
    void collect_garbage();

    SharedCode* shared_code() const { return budget_.code; } // null if it has none, or another thread has
    std::size_t memory_bytes() const { return budget_.memory_bytes; }
    std::size_t blocks() const { return budget_.blocks; }

  private:
    using Invoke = void (*)(lua_State*, void*) noexcept;
    template <class Body>
    static void invoke(lua_State* state, void* body) noexcept {
        (*static_cast<Body*>(body))(state);
    }
    Called enter(lua_State* state, std::int64_t instructions, Invoke invoker, void* body);
    Failure explain(lua_State* state, int status, const Report& report, std::int64_t available) const;

    Budget budget_;
    lua_State* state_ = nullptr;
    std::int64_t tick_left_ = INT64_MAX;
    std::uint64_t collected_at_ = 0; // budget_.allocated_bytes when garbage was last collected
};

// What the Sandbox was made with.
void* host_of(lua_State* state);

// The part of a C function that owns C++ objects: it raises nothing, and what it complains of is raised when it has
// returned and they are gone.
template <class Work>
void checked(lua_State* state, Work&& work) {
    const std::optional<Complaint> complaint = work();
    static_assert(std::is_trivially_destructible_v<decltype(complaint)>);
    if (complaint.has_value()) raise(state, *complaint);
}

// Globals of a plugin's own: a new table that reads through to the library. Writes stay in it, and neither it nor the
// library can be reached from another plugin's. Pushes it. May raise.
void push_environment(lua_State* state);

// Replaces the table on top of the stack by a view of it that scripts can read but not change, by no function of the
// library either; changing it through the C API still works, on the table itself. May raise.
void make_read_only(lua_State* state);

// For the metatable of objects that the host hands out (it stands on top): scripts can neither see, replace nor get
// around it (getmetatable gives false; rawset and the table functions refuse). May raise.
void lock_metatable(lua_State* state);

} // namespace playhead::lua
