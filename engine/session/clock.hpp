#pragma once

#include "core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace playhead {

// Server time of this run, given to whoever needs it. Monotonic; zero at the start of tick 0.
class Clock {
  public:
    virtual ~Clock() = default;
    virtual ServerTime now() const = 0;
};

// Unpredictable bytes for tokens, ids and epochs.
class RandomSource {
  public:
    virtual ~RandomSource() = default;
    virtual void fill(std::span<std::byte> bytes) = 0;
};

// The real ones (CLOCK_MONOTONIC, getrandom); tests and the simulation bring their own.
class SteadyClock final : public Clock {
  public:
    SteadyClock();
    ServerTime now() const override;

  private:
    std::int64_t start_ns_;
};
class SystemRandom final : public RandomSource {
  public:
    void fill(std::span<std::byte> bytes) override;
};

} // namespace playhead
