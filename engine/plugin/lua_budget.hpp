#pragma once

#include "plugin/lua_state.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

struct lua_State;
struct lua_Debug; // NOLINT(readability-identifier-naming): Lua's name

// Inside plugin only: what the interpreter's allocator, its count hook and its library functions share.
namespace playhead::lua {

// How much a state has used and may use. It is found from any coroutine through its extra space.
//
// The budget is counted in virtual machine instructions. The count hook alone is not enough: it does not see loops
// inside C functions, is copied into a coroutine with a full count, is off while another hook or a finalizer runs, and
// the error it raises can be caught. So allocations and library loops are charged too, a coroutine is charged for its
// first interval when it is made, there are no finalizers, and expiry is a flag that every function able to catch an
// error looks at.
struct Budget {
    static constexpr int interval = 1000;         // instructions between two looks
    static constexpr std::size_t unit_bytes = 16; // of memory handed out count as one instruction ...
    static constexpr std::int64_t block_cost = 8; // ... beside these for each block

    LuaLimits limits;
    std::size_t memory_bytes = 0;
    std::int64_t left = 0;
    bool armed = false;           // a script runs; setting up the state itself is not counted
    bool expired = false;         // sticky until the next run
    bool memory_short = false;    // an allocation was refused in this run
    std::array<char, 96> place{}; // file:line where the budget ended
};

Budget& budget_of(lua_State* state);

// Takes `instructions` off the budget; does not return once it is used up. No C++ object with a destructor may be
// alive.
void charge(lua_State* state, std::int64_t instructions);

// Raises the error of an expired budget (again): needs no memory, and is told from a script's own errors by the flag.
[[noreturn]] void raise_expired(lua_State* state);

// lua_Alloc, with the Budget as its user data.
void* allocate(void* budget, void* block, std::size_t old_size, std::size_t new_size);

// lua_Hook for the count event.
void count_hook(lua_State* state, lua_Debug* record);

} // namespace playhead::lua
