#pragma once

#include "core/time.hpp"

#include <cstdint>

namespace playhead {

// How much time plugins may still take before the other rooms of this thread want their tick. The interpreter counts
// instructions, which is exact and the same everywhere; this is the guard behind it, for what counting misses. It is
// implemented over a clock by whoever owns the thread: this layer has none.
//   Thread: the one that runs the room; asked from inside Lua, so it must be cheap and must not throw.
class TimeAllowance {
  public:
    // Who has had its time and was charged no more than this was held up by the machine: where caches are warm it is at
    // most a tenth of a millisecond's work.
    static constexpr std::int64_t little_work = 10'000;

    virtual ~TimeAllowance() = default;
    // A hook, a chunk, a migration or a self-test is entered.
    virtual void begin() = 0;
    // It has returned, well or not, and was charged so much; how long it took.
    virtual Microseconds end(std::int64_t instructions) = 0;
    // Is it to end now? Asked between begin and end, about every five hundred instructions; before begin: is there
    // nothing left to begin with?
    virtual bool spent() = 0;
};

} // namespace playhead
