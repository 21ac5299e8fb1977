#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace playhead::impair {

using Microseconds = std::chrono::microseconds;

// A bad path's delay: uniform in [mean - jitter, mean + jitter], so that both directions of a link have one mean.
//   Errors: jitter greater than mean would need negative delays; parse_options refuses it.
struct Delay {
    Microseconds mean{0};
    Microseconds jitter{0};
    friend bool operator==(const Delay&, const Delay&) = default;
};

// Time in which nothing leaves: from start for length, and again every so often when that is set.
//   Units: since the link's start.
struct Stall {
    Microseconds start{0};
    Microseconds length{0};
    std::optional<Microseconds> every;
    friend bool operator==(const Stall&, const Stall&) = default;
};

// The first moment at or after time that is not stalled. Pure.
Microseconds after_stall(const std::optional<Stall>& stall, Microseconds time);

// Random numbers that are the same on every machine, which std::uniform_int_distribution does not promise.
//   Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators (OOPSLA 2014), the mixing of Java 8.
class SplitMix64 {
  public:
    explicit SplitMix64(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next();
    // Uniform in [0, bound]; the bias of the multiplication is below bound / 2^64.
    std::uint64_t up_to(std::uint64_t bound);

  private:
    std::uint64_t state_;
};

// The seed of one direction of one connection, so that connections neither share nor repeat their jitter.
std::uint64_t direction_seed(std::uint64_t seed, std::uint64_t connection, bool to_server);

// The bottleneck of one direction of a link, shared by its connections: bytes leave one after the other.
class Bottleneck {
  public:
    // No rate: unlimited.
    explicit Bottleneck(std::optional<std::uint64_t> kilobits_per_second) : rate_kbps_(kilobits_per_second) {}
    // When the last of these bytes has left, if the first arrived at `arrival`.
    Microseconds departure(Microseconds arrival, std::size_t bytes);

  private:
    std::optional<std::uint64_t> rate_kbps_;
    Microseconds free_at_{0};
};

// Decides when each piece of a byte stream comes out at the other end: its own random delay, never before the
// piece ahead of it (TCP order). Pure: told the time, seeded. Datagrams take sample() and no order:
// datagram_schedule.hpp.
class DelaySchedule {
  public:
    DelaySchedule(Delay delay, std::uint64_t seed) : delay_(delay), random_(seed) {}
    Microseconds release(Microseconds departure);
    Microseconds sample();

  private:
    Delay delay_;
    SplitMix64 random_;
    Microseconds last_release_{0};
};

} // namespace playhead::impair
