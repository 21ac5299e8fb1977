#pragma once

#include "core/result.hpp"
#include "core/value.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace playhead {

// What a script sees beside the language.
enum class LuaGlobals : std::uint8_t { library, none };

// What a script may use. Hitting one ends the script with an error that names it.
struct LuaLimits {
    std::size_t source_bytes_max = 256 * 1024;
    std::size_t memory_bytes_max = 4 * 1024 * 1024; // everything the state holds
    // Objects and parts of them: what the longest step of the garbage collector grows with.
    std::size_t blocks_max = 65'536;
    // One block: a table's array or hash part, or the stack. Also how much one instruction can be made to copy.
    std::size_t block_bytes_max = 256 * 1024;
    // One string: looking at one never reaches the instruction counter, so it is kept cheap by keeping them short.
    std::size_t string_bytes_max = 32 * 1024;
    // Keys of one table beside its list part, a power of two. Whole numbers can be chosen so that all of a table's keys
    // fall into one chain, and then a single assignment takes the square of this.
    std::size_t table_keys_max = 8192;
    // Virtual machine instructions, plus what the library's own loops and each allocation are charged in their stead.
    std::int64_t instructions_max = 200'000;
    std::size_t values_max = 20'000; // in a result, nested ones included
    std::size_t value_depth_max = 32;
};

// A Lua interpreter that a script can neither leave, fill nor hold up: no files, processes, clock, chance, bytecode,
// loaders, finalizers or debug library; memory capped by the allocator; instructions counted, and once they are used up
// no pcall, handler, coroutine or closing variable lets the script go on. For scripts that are run and done with
// (config, manifests); rooms keep a lua::Sandbox, which this is a simple face of.
//   Errors:  too_large when a limit was hit, malformed otherwise; the message begins with file:line where there is one.
//   Bounds:  a limit of instructions is one of time, since what a single one costs is bounded too (by block_bytes_max,
//            string_bytes_max and table_keys_max): see lua::Budget.
//   Thread:  none of its own; one owner. The same script and limits end the same way, except that what is charged for
//            memory may differ by a little between processes: right at a limit one may end and the other not.
class LuaState {
  public:
    explicit LuaState(const LuaLimits& limits, LuaGlobals globals = LuaGlobals::library);
    ~LuaState();
    LuaState(const LuaState&) = delete;
    LuaState& operator=(const LuaState&) = delete;

    // Runs a chunk with a fresh instruction budget and gives what it returns (nothing is nil). Text only.
    // `name` is how messages call it, usually its path. Chunks of one state share their globals.
    Result<Value> run(std::string_view source, std::string_view name);

    std::size_t memory_bytes() const;       // held now
    std::int64_t instructions_used() const; // by the last run

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// One script in a state of its own.
Result<Value> run_script(std::string_view source, std::string_view name, const LuaLimits& limits = {},
                         LuaGlobals globals = LuaGlobals::library);

} // namespace playhead
