#pragma once

#include "plugin/lua_state.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

struct lua_State;
struct lua_Debug; // NOLINT(readability-identifier-naming): Lua's name

namespace playhead {
class LuaMemory;
class TimeAllowance;
} // namespace playhead

// Inside plugin only: what the interpreter's allocator, its count hook and its library functions share.
namespace playhead::lua {

// Why nothing runs any more until the call into Lua has returned. No script can catch it.
enum class End : std::uint8_t {
    none,
    instructions, // of this call
    tick,         // of this room and tick, all calls together
    time,         // TimeAllowance::spent
};

class SharedCode;
struct Report; // what the message handler saw where an error was raised (lua_sandbox.cpp)

// How much a state has used and may use. It is found from any coroutine through its extra space.
//
// The budget is counted in virtual machine instructions. The count hook alone is not enough: it does not see loops
// inside C functions, is copied into a coroutine with a full count, is off while another hook or a finalizer runs, and
// the error it raises can be caught. So allocations, library loops and string comparisons are charged too, a coroutine
// is charged for its first interval when it is made, scripts have no finalizers, and the end is a flag that every
// function able to catch an error looks at.
//
// A unit is meant to be at most about 10 ns, and no single instruction or library call may do more than its charge
// covers by much: so a look at the time every `time_after` is enough, and costs next to nothing.
struct Budget {
    static constexpr int interval = 64;             // instructions between two looks
    static constexpr std::int64_t look_after = 128; // units charged otherwise after which the next instruction looks
    static constexpr std::int64_t time_after = 512; // units after which a look is one at the time as well
    static constexpr std::size_t unit_bytes = 16;   // of memory handed out count as one instruction ...
    static constexpr std::int64_t block_cost = 8;   // ... beside these for each block

    LuaLimits limits;
    TimeAllowance* time = nullptr;     // borrowed
    void* host = nullptr;              // of whoever registered C functions here; see host_of
    lua_State* running = nullptr;      // the coroutine that runs now
    Report* report = nullptr;          // of the innermost call into Lua
    std::size_t memory_bytes = 0;      // held now
    std::size_t blocks = 0;            // held now
    std::uint64_t allocated_bytes = 0; // ever
    std::int64_t left = 0;             // instructions of the innermost call
    std::int64_t unseen = 0;           // charged since the last look
    std::int64_t timed_at = 0;         // of `left`: from there on a look is one at the time as well
    End end = End::none;
    bool armed = false;           // a script runs; setting up the state itself is not counted
    bool left_is_of_tick = false; // `left` was cut to what the tick had left
    bool memory_short = false;    // an allocation was refused in this call
    bool look_soon = false;       // the next instruction runs the count hook
    std::array<char, 96> place{}; // file:line where the budget ended

    // Where memory comes from: see allocate().
    LuaMemory* memory = nullptr;   // borrowed; null: the C library
    SharedCode* code = nullptr;    // borrowed, and claimed for this thread; null: all code is this state's own
    std::byte* offered = nullptr;  // a block of `code` for the next vector that is asked for, if it has ...
    std::size_t offered_bytes = 0; // ... just this size
};

Budget& budget_of(lua_State* state);

// Takes `instructions` off the budget; does not return once it is used up. No C++ object with a destructor may be
// alive. Charge before the work, not after it: then a bomb is refused instead of regretted.
void charge(lua_State* state, std::int64_t instructions);

// Raises the error of an ended budget (again): needs no memory, and is told from a script's own errors by the flag.
// Whoever catches an error of Lua inside a call (lua_pcall in a C function) does this if budget_of(state).end is set.
[[noreturn]] void raise_end(lua_State* state);

// lua_Alloc, with the Budget as its user data. Small blocks come from `memory`; those that push_chunk() offers from
// `code`, where they cost the state nothing.
void* allocate(void* budget, void* block, std::size_t old_size, std::size_t new_size);

// lua_Hook for the count event.
void count_hook(lua_State* state, lua_Debug* record);

// Marks the Budget that string comparisons on this thread are charged to (see lua_budget.cpp); returns the one before.
Budget* use_for_comparisons(Budget* budget);

} // namespace playhead::lua
