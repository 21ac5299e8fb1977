#include "net/http/rate_limiter.hpp"

#include <algorithm>
#include <cmath>

namespace playhead::http {

void RateLimiter::fill(Bucket& bucket, std::chrono::milliseconds now) const {
    const double elapsed_ms = static_cast<double>((now - bucket.filled_at).count());
    bucket.tokens = std::min<double>(per_minute_, bucket.tokens + elapsed_ms * per_minute_ / 60'000.0);
    bucket.filled_at = now;
}

std::optional<std::chrono::milliseconds> RateLimiter::take(const std::string& address, std::chrono::milliseconds now) {
    auto found = buckets_.find(address);
    if (found == buckets_.end()) {
        if (buckets_.size() >= addresses_max) {
            for (auto entry = buckets_.begin(); entry != buckets_.end();) {
                fill(entry->second, now);
                entry = entry->second.tokens >= per_minute_ ? buckets_.erase(entry) : std::next(entry);
            }
        }
        const bool room = buckets_.size() < addresses_max;
        found =
            buckets_.try_emplace(room ? address : std::string{}, Bucket{static_cast<double>(per_minute_), now}).first;
    }
    Bucket& bucket = found->second;
    fill(bucket, now);
    if (bucket.tokens >= 1) {
        bucket.tokens -= 1;
        return std::nullopt;
    }
    const double wait_ms = (1 - bucket.tokens) * 60'000.0 / std::max<std::uint32_t>(per_minute_, 1);
    return std::chrono::milliseconds{static_cast<std::int64_t>(std::ceil(wait_ms))};
}

} // namespace playhead::http
