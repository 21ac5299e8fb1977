#include "core/histogram.hpp"

#include <algorithm>
#include <bit>

namespace playhead {

void Histogram::record(Microseconds duration) {
    const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    // Bucket b holds what is at most 2^b us; the last one everything above.
    const auto bucket = us <= 1 ? 0 : static_cast<std::size_t>(std::bit_width(us - 1));
    ++buckets_[std::min(bucket, bucket_count - 1)];
    ++count_;
    sum_ += Microseconds{static_cast<std::int64_t>(us)};
}

Histogram& Histogram::operator+=(const Histogram& other) {
    for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) buckets_[bucket] += other.buckets_[bucket];
    count_ += other.count_;
    sum_ += other.sum_;
    return *this;
}

Microseconds Histogram::quantile(double q) const {
    const auto wanted = static_cast<std::uint64_t>(q * static_cast<double>(count_));
    std::uint64_t below = 0;
    for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
        below += buckets_[bucket];
        if (below > 0 && below >= wanted) return Microseconds{std::int64_t{1} << bucket};
    }
    return Microseconds{0};
}

} // namespace playhead
