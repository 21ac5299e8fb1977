#include "session/drift_histogram.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

namespace playhead {

void DriftHistogram::add(Microseconds drift) {
    const auto bound = std::ranges::lower_bound(bounds, std::chrono::abs(drift));
    ++buckets_[static_cast<std::size_t>(bound - bounds.begin())];
}

DriftHistogram& DriftHistogram::operator+=(const DriftHistogram& other) {
    for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) buckets_[bucket] += other.buckets_[bucket];
    return *this;
}

DriftHistogram& DriftHistogram::operator-=(const DriftHistogram& other) {
    for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) buckets_[bucket] -= other.buckets_[bucket];
    return *this;
}

std::uint64_t DriftHistogram::count() const {
    return std::accumulate(buckets_.begin(), buckets_.end(), std::uint64_t{0});
}

Microseconds DriftHistogram::quantile(double q) const {
    const auto wanted = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count())));
    std::uint64_t below = 0;
    for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
        below += buckets_[bucket];
        if (below > 0 && below >= wanted) return bounds[std::min(bucket, bounds.size() - 1)];
    }
    return Microseconds{0};
}

} // namespace playhead
