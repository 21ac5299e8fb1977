#include "plugin/limiter.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace playhead {

Limiter::Limiter(double per_s, std::uint32_t burst, TickLength tick_length)
    : full_(std::int64_t{std::clamp<std::uint32_t>(burst, 1, burst_max)} * unit) {
    const double rate = std::clamp(per_s, per_s_min, per_s_max);
    // A unit is a billionth of a token, a tick so many microseconds: 1000 units per microsecond at one token a second.
    per_tick_ = std::max<std::int64_t>(1, std::llround(rate * static_cast<double>(tick_length.value.count()) * 1000));
}

std::int64_t Limiter::level_of(const Bucket& bucket, Tick tick) const {
    const std::int64_t ticks = tick > bucket.at ? std::int64_t{tick.number - bucket.at.number} : 0;
    // A bucket fills within this many ticks; beyond it the product could overflow.
    if (ticks > full_ / per_tick_) return full_;
    return std::min(full_, bucket.level + ticks * per_tick_);
}

void Limiter::sweep(Tick tick) {
    std::erase_if(buckets_, [&](const auto& bucket) { return level_of(bucket.second, tick) == full_; });
    sweep_at_ = std::clamp<std::size_t>(buckets_.size() * 2, 64, keys_max);
}

std::optional<std::uint32_t> Limiter::take(const Key& key, Tick tick, std::uint32_t cost) {
    const auto ticks_until = [&](std::int64_t level, std::int64_t wanted) {
        const std::int64_t missing = std::min(wanted, full_) - level;
        return static_cast<std::uint32_t>(std::max<std::int64_t>(1, (missing + per_tick_ - 1) / per_tick_));
    };
    const std::int64_t wanted = std::int64_t{cost} * unit;
    auto found = buckets_.find(key);
    if (found == buckets_.end()) {
        if (buckets_.size() >= sweep_at_) sweep(tick);
        if (buckets_.size() >= keys_max) return ticks_until(0, unit);
        found = buckets_.emplace(key, Bucket{full_, tick}).first;
    }
    const std::int64_t level = level_of(found->second, tick);
    if (level < wanted) return ticks_until(level, wanted);
    found->second = {level - wanted, tick};
    return std::nullopt;
}

} // namespace playhead
