#include "plugin/lua_budget.hpp"

#include "plugin/lua_memory.hpp"
#include "plugin/lua_shared_code.hpp"
#include "plugin/time_allowance.hpp"

#include <lua.hpp>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace playhead::lua {
namespace {

char end_mark; // its address is the error value of an ended budget
thread_local Budget* comparing = nullptr;

void remember_place(Budget& budget, lua_State* state) {
    lua_Debug record{};
    // The innermost function that has lines: a C function has none.
    for (int level = 0; lua_getstack(state, level, &record) != 0; ++level) {
        lua_getinfo(state, "Sl", &record);
        if (record.currentline > 0) {
            std::snprintf(budget.place.data(), budget.place.size(), "%s:%d", record.short_src, record.currentline);
            return;
        }
    }
}

[[noreturn]] void finish(lua_State* state, End end) {
    Budget& budget = budget_of(state);
    if (budget.end == End::none) {
        budget.end = end;
        remember_place(budget, state);
    }
    raise_end(state);
}

// Raises if something is used up.
void look(lua_State* state) {
    Budget& budget = budget_of(state);
    budget.unseen = 0;
    if (budget.left < 0) finish(state, budget.left_is_of_tick ? End::tick : End::instructions);
    if (budget.time == nullptr || budget.left > budget.timed_at) return;
    budget.timed_at = budget.left - Budget::time_after;
    if (budget.time->spent()) finish(state, End::time);
}

// A charge where nothing may be raised: the next instruction looks.
void charge_later(Budget& budget, std::int64_t instructions) {
    budget.left -= instructions;
    budget.unseen += instructions;
    if (!budget.armed || budget.look_soon || (budget.left >= 0 && budget.unseen < Budget::look_after)) return;
    budget.look_soon = true;
    // Made for being called at any moment, from a signal handler even (lua.c does).
    lua_sethook(budget.running, count_hook, LUA_MASKCOUNT, 1);
}

// Hash parts come as 2^n nodes of 24 bytes each. A list part has that size only if it was made with 3 * 2^n elements.
bool is_hash_part(std::size_t bytes) {
    constexpr std::size_t node_bytes = 24;
    return bytes % node_bytes == 0 && std::has_single_bit(bytes / node_bytes);
}

bool is_refused(const Budget& budget, const void* block, std::size_t type, std::size_t old_size, std::size_t new_size) {
    constexpr std::size_t string_header_bytes = 32;
    constexpr std::size_t node_bytes = 24;
    const LuaLimits& limits = budget.limits;
    if (new_size > limits.block_bytes_max) return true;
    if (new_size - old_size > limits.memory_bytes_max - std::min(budget.memory_bytes, limits.memory_bytes_max))
        return true;
    if (block != nullptr) return false;
    if (budget.blocks >= limits.blocks_max) return true;
    if (type == LUA_TSTRING) return new_size > limits.string_bytes_max + string_header_bytes;
    return type == 0 && new_size > limits.table_keys_max * node_bytes && is_hash_part(new_size);
}

bool is_lent(const Budget& budget, const void* block) {
    if (budget.code == nullptr) return false;
    // One comparison: below the beginning it wraps around.
    const auto at = reinterpret_cast<std::uintptr_t>(block) - reinterpret_cast<std::uintptr_t>(budget.code->begin());
    return at < budget.code->bytes();
}

// realloc, from where blocks of these sizes come from; 0 stands for none.
void* move_block(const Budget& budget, void* block, std::size_t old_size, std::size_t new_size) {
    const auto is_small = [&](std::size_t size) {
        return budget.memory != nullptr && size > 0 && size <= LuaMemory::block_bytes_max;
    };
    const bool was_small = is_small(old_size);
    const bool becomes_small = is_small(new_size);
    if (!was_small && !becomes_small) {
        if (new_size > 0) return std::realloc(block, new_size);
        std::free(block);
        return nullptr;
    }
    void* moved = nullptr;
    if (new_size > 0) {
        moved = becomes_small ? budget.memory->take(new_size) : std::malloc(new_size);
        if (moved == nullptr) return nullptr;
        if (block != nullptr) std::memcpy(moved, block, std::min(old_size, new_size));
    }
    if (was_small)
        budget.memory->give(block, old_size);
    else
        std::free(block);
    return moved;
}

} // namespace

Budget& budget_of(lua_State* state) { return **static_cast<Budget**>(lua_getextraspace(state)); }

void raise_end(lua_State* state) {
    // From now on at every instruction of this coroutine; the others come to it within an interval.
    lua_sethook(state, count_hook, LUA_MASKCOUNT, 1);
    lua_pushlightuserdata(state, &end_mark);
    lua_error(state);
    std::abort(); // lua_error does not return, but its declaration does not say so
}

void charge(lua_State* state, std::int64_t instructions) {
    Budget& budget = budget_of(state);
    if (!budget.armed) return;
    if (budget.end != End::none) raise_end(state);
    // Clamped so that a sum of absurd charges cannot wrap around.
    instructions = std::clamp<std::int64_t>(instructions, 0, budget.limits.instructions_max + 1);
    budget.left -= instructions;
    budget.unseen += instructions;
    if (budget.left < 0 || budget.unseen >= Budget::look_after) look(state);
}

void count_hook(lua_State* state, lua_Debug*) {
    Budget& budget = budget_of(state);
    if (!budget.armed) return;
    if (budget.end != End::none) raise_end(state);
    budget.look_soon = false;
    // An early look is charged like a late one: how many instructions went before it cannot be known.
    if (lua_gethookcount(state) != Budget::interval) lua_sethook(state, count_hook, LUA_MASKCOUNT, Budget::interval);
    budget.left -= Budget::interval;
    look(state);
}

void* allocate(void* user_data, void* block, std::size_t old_size, std::size_t new_size) {
    Budget& budget = *static_cast<Budget*>(user_data);
    // For a new object Lua gives its type in place of an old size.
    const std::size_t type = block == nullptr ? old_size : 0;
    if (block == nullptr) old_size = 0;
    if (block == nullptr && type == 0 && budget.offered != nullptr) {
        std::byte* const offered = std::exchange(budget.offered, nullptr);
        if (new_size == budget.offered_bytes) return offered;
    }
    if (is_lent(budget, block)) return nullptr; // given back; it is never asked to grow or shrink
    if (new_size == 0) {
        budget.memory_bytes -= old_size;
        if (block != nullptr) --budget.blocks;
        move_block(budget, block, old_size, 0);
        return nullptr;
    }
    if (new_size > old_size) { // shrinking must not fail (lua_Alloc in the manual)
        if (is_refused(budget, block, type, old_size, new_size)) {
            // Lua answers with a whole collection and asks again: a script that does this in a loop pays for those.
            constexpr std::int64_t collect_block_cost = 4;
            charge_later(budget, Budget::interval +
                                     static_cast<std::int64_t>(budget.memory_bytes / Budget::unit_bytes) +
                                     collect_block_cost * static_cast<std::int64_t>(budget.blocks));
            budget.memory_short = true;
            return nullptr;
        }
        budget.allocated_bytes += new_size - old_size;
        charge_later(budget, static_cast<std::int64_t>(new_size / Budget::unit_bytes) + Budget::block_cost);
    }
    void* moved = move_block(budget, block, old_size, new_size);
    if (moved == nullptr) return nullptr;
    if (block == nullptr) ++budget.blocks;
    budget.memory_bytes += new_size - old_size; // unsigned arithmetic wraps back when shrinking
    return moved;
}

Budget* use_for_comparisons(Budget* budget) { return std::exchange(comparing, budget); }

} // namespace playhead::lua

// Lua compares texts with < by calling strcoll for every part between two NULs: with 8 KiB of NULs that is one
// instruction of 0.1 ms, and nothing in Lua sees it. So this program has a strcoll of its own, which the Lua library is
// bound to like everything else: it charges, and it goes by bytes whatever the locale, so that the order is the same
// everywhere. (The C++ library uses strcoll_l, and this program never sets a locale.)
extern "C" int strcoll(const char* left, const char* right) noexcept {
    if (playhead::lua::Budget* budget = playhead::lua::comparing; budget != nullptr) {
        constexpr std::size_t bytes_per_unit = 64;
        constexpr std::int64_t call_cost = 2;
        const std::size_t bytes = std::min(std::strlen(left), std::strlen(right));
        playhead::lua::charge_later(*budget, call_cost + static_cast<std::int64_t>(bytes / bytes_per_unit));
    }
    return std::strcmp(left, right);
}
