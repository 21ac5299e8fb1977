#pragma once

#include "core/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace playhead {

// Counts durations in fixed buckets with their sum: cheap enough for every tick and every call of a plugin. There are
// four buckets for each power of two of microseconds up to 4 s, so that a bound is at most a quarter above what it
// bounds; the last bucket holds everything above.
class Histogram {
  public:
    static constexpr std::size_t bucket_count = 85;
    // The longest duration that a bucket before the last one holds.
    static Microseconds bound(std::size_t bucket);

    void record(Microseconds duration);
    Histogram& operator+=(const Histogram& other);
    std::uint64_t count() const { return count_; }
    Microseconds sum() const { return sum_; }
    const std::array<std::uint64_t, bucket_count>& buckets() const { return buckets_; }
    // An upper bound of the q-quantile (0..1), as fine as the buckets.
    Microseconds quantile(double q) const;

  private:
    std::array<std::uint64_t, bucket_count> buckets_{};
    std::uint64_t count_ = 0;
    Microseconds sum_{0};
};

} // namespace playhead
