#include "latencies.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace playhead::load {
namespace {

constexpr unsigned fine_bits = 6; // 64 buckets for each power of two

}

// Below 64 each microsecond has a bucket; above, the six bits behind the highest one choose among 64.
std::size_t Latencies::bucket_of(std::uint64_t us) {
    if (us < 64) return static_cast<std::size_t>(us);
    const auto power = static_cast<unsigned>(std::bit_width(us)) - 1;
    const auto fine = (us >> (power - fine_bits)) & 63U;
    return 64 + (power - fine_bits) * std::size_t{64} + static_cast<std::size_t>(fine);
}

std::uint64_t Latencies::greatest_in(std::size_t bucket) {
    if (bucket < 64) return bucket;
    const auto shift = static_cast<unsigned>((bucket - 64) / 64);
    const auto fine = std::uint64_t{(bucket - 64) % 64};
    return ((fine + 65) << shift) - 1;
}

void Latencies::record(std::int64_t us) {
    const auto value = std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0)), us_max);
    ++buckets_[bucket_of(value)];
    ++count_;
    sum_us_ += value;
    max_us_ = std::max(max_us_, value);
}

void Latencies::add(const Latencies& other) {
    for (std::size_t bucket = 0; bucket < buckets_max; ++bucket) buckets_[bucket] += other.buckets_[bucket];
    count_ += other.count_;
    sum_us_ += other.sum_us_;
    max_us_ = std::max(max_us_, other.max_us_);
}

Latencies Latencies::since(const Latencies& before) const {
    Latencies more;
    for (std::size_t bucket = 0; bucket < buckets_max; ++bucket) {
        more.buckets_[bucket] = buckets_[bucket] - before.buckets_[bucket];
        if (more.buckets_[bucket] > 0) more.max_us_ = std::min(greatest_in(bucket), max_us_);
    }
    more.count_ = count_ - before.count_;
    more.sum_us_ = sum_us_ - before.sum_us_;
    return more;
}

double Latencies::mean_us() const {
    return count_ == 0 ? 0.0 : static_cast<double>(sum_us_) / static_cast<double>(count_);
}

double Latencies::quantile_us(double q) const {
    if (count_ == 0) return 0.0;
    const auto wanted =
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count_))));
    std::uint64_t below = 0;
    for (std::size_t bucket = 0; bucket < buckets_max; ++bucket) {
        below += buckets_[bucket];
        if (below >= wanted) return static_cast<double>(std::min(greatest_in(bucket), max_us_));
    }
    return static_cast<double>(max_us_);
}

std::uint64_t Latencies::count_up_to(std::uint64_t us) const {
    std::uint64_t below = 0;
    const auto last = bucket_of(std::min(us, us_max));
    for (std::size_t bucket = 0; bucket <= last; ++bucket) below += buckets_[bucket];
    return below;
}

} // namespace playhead::load
