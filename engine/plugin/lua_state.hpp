#pragma once

#include "core/result.hpp"
#include "core/value.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace playhead {

// What a script may use. Hitting one ends the script with an error that names it.
struct LuaLimits {
    std::size_t source_bytes_max = 256 * 1024;
    std::size_t memory_bytes_max = 4 * 1024 * 1024; // everything the state holds
    // One block: a table's array or hash part, or the stack. Also how much one instruction can be made to copy.
    std::size_t block_bytes_max = 256 * 1024;
    // One string: comparing two never reaches the instruction counter, so it is kept cheap by keeping them short.
    std::size_t string_bytes_max = 32 * 1024;
    // Virtual machine instructions, plus what the library's own loops and each allocation are charged in their stead.
    std::int64_t instructions_max = 200'000;
    std::size_t values_max = 20'000; // in a result, nested ones included
    std::size_t value_depth_max = 32;
};

// A Lua interpreter that a script can neither leave, fill nor hold up: no files, processes, clock, chance, bytecode,
// loaders, finalizers or debug library; memory capped by the allocator; instructions counted, and once they are used up
// no pcall, handler, coroutine or closing variable lets the script go on.
//   Errors:  too_large when a limit was hit, malformed otherwise; the message begins with file:line where there is one.
//   Bounds:  a limit of instructions is one of time, since what a single one costs is bounded too (by block_bytes_max
//   and
//            string_bytes_max). The dearest known, long chains of __index and tonumber of long text, take about 30 us
//            each (measured): 200,000 instructions take at most about 2 s, and 1 ms where nobody tries.
//   Thread:  none of its own; one owner. The same script and limits always end the same way.
class LuaState {
  public:
    explicit LuaState(const LuaLimits& limits);
    ~LuaState();
    LuaState(const LuaState&) = delete;
    LuaState& operator=(const LuaState&) = delete;

    // Runs a chunk with a fresh instruction budget and gives what it returns (nothing is nil). Text only.
    // `name` is how messages call it, usually its path.
    Result<Value> run(std::string_view source, std::string_view name);

    std::size_t memory_bytes() const;       // held now
    std::int64_t instructions_used() const; // by the last run

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// One script in a state of its own.
Result<Value> run_script(std::string_view source, std::string_view name, const LuaLimits& limits = {});

} // namespace playhead
