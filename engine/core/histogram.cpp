#include "core/histogram.hpp"

#include <algorithm>
#include <bit>

namespace playhead {

namespace {

// Up to 4 us each microsecond has a bucket; above, those between two powers of two share four.
std::size_t bucket_of(std::uint64_t us) {
    if (us <= 4) return us == 0 ? 0 : static_cast<std::size_t>(us - 1);
    const auto power = static_cast<unsigned>(std::bit_width(us - 1)) - 1; // 2^power < us <= 2^(power + 1)
    const auto quarter = (us - 1 - (std::uint64_t{1} << power)) >> (power - 2);
    return 4 * std::size_t{power - 1} + static_cast<std::size_t>(quarter);
}

} // namespace

Microseconds Histogram::bound(std::size_t bucket) {
    if (bucket < 4) return Microseconds{static_cast<std::int64_t>(bucket + 1)};
    const auto power = bucket / 4 + 1;
    return Microseconds{static_cast<std::int64_t>((bucket % 4 + 5) << (power - 2))};
}

void Histogram::record(Microseconds duration) {
    const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    ++buckets_[std::min(bucket_of(us), bucket_count - 1)];
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
        if (below > 0 && below >= wanted) return bound(bucket);
    }
    return Microseconds{0};
}

} // namespace playhead
