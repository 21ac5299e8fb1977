#pragma once

#include "delay_schedule.hpp"

#include <cstdint>
#include <vector>

namespace playhead::impair {

constexpr std::uint32_t certain_ppm = 1'000'000;

// What a bad path does to datagrams besides delaying them.
//   Units: chances in millionths, at most certain_ppm; each datagram draws on its own, so losses come singly.
struct Faults {
    std::uint32_t loss_ppm = 0;
    std::uint32_t duplicate_ppm = 0;
    std::uint32_t reorder_ppm = 0;
    friend bool operator==(const Faults&, const Faults&) = default;
};

// How much longer a datagram is held back so that those sent after it overtake it.
constexpr Microseconds reorder_min = std::chrono::milliseconds(5);
constexpr Microseconds reorder_max = std::chrono::milliseconds(30);

// Decides what becomes of each datagram of one direction. Its delay is its own: nothing keeps it behind the one ahead
// of it, so that jitter alone reorders what was sent close together. Pure: told the time, seeded. Every datagram draws
// the same count of random numbers, so that with one seed another loss does not change the delays.
class DatagramSchedule {
  public:
    DatagramSchedule(Delay delay, Faults faults, std::uint64_t seed);
    // When it comes out at the other end: never, once, or twice, each copy with a delay of its own.
    std::vector<Microseconds> releases(Microseconds departure);

  private:
    bool chance(std::uint32_t ppm);

    DelaySchedule delays_;
    Faults faults_;
    SplitMix64 random_;
};

} // namespace playhead::impair
