#pragma once

#include "core/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace playhead {

// How many viewers are how far from where the room is, whichever way. Unlike a Histogram it says how things are and not
// how they were: rooms take back what they said before.
class DriftHistogram {
  public:
    // Each holds what is at most this; one more holds what is above. Fine where a frame lies, coarse beyond.
    static constexpr std::array<Microseconds, 15> bounds{
        Microseconds{500},     Microseconds{1'000},   Microseconds{2'000},    Microseconds{3'000},
        Microseconds{5'000},   Microseconds{8'000},   Microseconds{12'000},   Microseconds{20'000},
        Microseconds{30'000},  Microseconds{50'000},  Microseconds{80'000},   Microseconds{120'000},
        Microseconds{200'000}, Microseconds{500'000}, Microseconds{1'000'000}};
    static constexpr std::size_t bucket_count = bounds.size() + 1;

    void add(Microseconds drift);
    DriftHistogram& operator+=(const DriftHistogram& other);
    DriftHistogram& operator-=(const DriftHistogram& other); // which is a part of this one

    const std::array<std::uint32_t, bucket_count>& buckets() const { return buckets_; }
    std::uint64_t count() const;
    // An upper bound of the q-quantile (0..1), as fine as the buckets; the last bound if it lies above that, 0 if
    // nobody has reported.
    Microseconds quantile(double q) const;
    bool operator==(const DriftHistogram&) const = default;

  private:
    std::array<std::uint32_t, bucket_count> buckets_{};
};

} // namespace playhead
