#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace playhead::load {

// Counts durations in buckets that are at most 1/64 of their value wide, with their exact least and greatest: a
// percentile of ten million deliveries costs eleven kilobytes. Plain numbers, so that it may lie in shared memory.
//   Units: microseconds; beyond `us_max` counts as that.   Owner: whoever records; others read when that one is done.
class Latencies {
  public:
    static constexpr std::uint64_t us_max = (std::uint64_t{1} << 27U) - 1; // two minutes
    static constexpr std::size_t buckets_max = 64 + 64 * 21;

    void record(std::int64_t us);
    void add(const Latencies& other);
    // What has been recorded since this was as `before`; the greatest is then known as well as a percentile.
    Latencies since(const Latencies& before) const;

    std::uint64_t count() const { return count_; }
    double mean_us() const;
    std::uint64_t max_us() const { return max_us_; }
    // The least duration that the share `q` (0..1) is at or below, from above by at most 1/64; 0 without any.
    double quantile_us(double q) const;
    // How many are at or below `us`, as fine as the buckets.
    std::uint64_t count_up_to(std::uint64_t us) const;

  private:
    static std::size_t bucket_of(std::uint64_t us);
    static std::uint64_t greatest_in(std::size_t bucket);

    std::array<std::uint64_t, buckets_max> buckets_{};
    std::uint64_t count_ = 0;
    std::uint64_t sum_us_ = 0;
    std::uint64_t max_us_ = 0;
};
static_assert(std::is_trivially_copyable_v<Latencies>);

} // namespace playhead::load
