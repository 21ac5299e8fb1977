#pragma once

#include "core/time.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace playhead {

// Counts durations in fixed buckets (powers of two of microseconds, 1 us to 8 s) with their sum: cheap enough for every
// tick.
class Histogram {
  public:
    static constexpr std::size_t bucket_count = 24;
    void record(Microseconds duration);
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

// What one shard counts. Plain numbers on one thread; the metrics page asks for a copy by message.
// Every member appears in /metrics as playhead_<name>.
struct Metrics {
    Histogram tick_duration;
    Histogram tick_lateness;
    std::uint64_t ticks_total = 0;
    std::uint64_t ticks_skipped_total = 0;
    std::uint64_t tick_overruns_total = 0;
    std::uint64_t rooms = 0;
    std::uint64_t viewers = 0;
    std::uint64_t sessions = 0;
    std::uint64_t sends_total = 0;
    std::uint64_t sent_bytes_total = 0;
    std::uint64_t deltas_encoded_total = 0;
    std::uint64_t snapshots_encoded_total = 0;
    std::uint64_t commands_applied_total = 0;
    std::uint64_t commands_superseded_total = 0;
    std::uint64_t commands_refused_total = 0;
    std::uint64_t sessions_opened_total = 0;
    std::uint64_t sessions_refused_total = 0;
    std::uint64_t sessions_resumed_total = 0;
    std::uint64_t slow_sessions = 0; // outside the live group now
    std::uint64_t slow_closed_total = 0;
    std::uint64_t hash_mismatches_total = 0; // must read zero
    std::uint64_t malformed_messages_total = 0;
};

// Prometheus text exposition format 0.0.4.
std::string to_prometheus(const Metrics& metrics);

} // namespace playhead
