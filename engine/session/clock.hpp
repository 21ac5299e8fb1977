#pragma once

#include "core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace playhead {

// What time it is, given to whoever needs to know.
class Clock {
  public:
    virtual ~Clock() = default;
    // Server time of this run. Monotonic; zero at the start of tick 0.
    virtual ServerTime now() const = 0;
    // Microseconds since 1970, for people's dates and never for ticks: it may jump.
    virtual std::int64_t unix_us() const = 0;
    // Processor time of the calling thread, for charging work to whoever caused it. A clock that stands still while
    // code runs knows no other time than its own.
    virtual Microseconds thread_time() const { return now().time_since_epoch(); }
};

// Unpredictable bytes for tokens, ids and epochs.
class RandomSource {
  public:
    virtual ~RandomSource() = default;
    virtual void fill(std::span<std::byte> bytes) = 0;
};

// The real ones (CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID, getrandom); tests and the simulation bring
// their own.
class SteadyClock final : public Clock {
  public:
    SteadyClock();
    ServerTime now() const override;
    std::int64_t unix_us() const override;
    Microseconds thread_time() const override; // a system call, 10 times as dear as now()

  private:
    std::int64_t start_ns_;
};
class SystemRandom final : public RandomSource {
  public:
    void fill(std::span<std::byte> bytes) override;
};

} // namespace playhead
