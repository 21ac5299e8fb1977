#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace playhead::http {

// A token bucket per address: `per_minute` on average and as many at once.
//   Units: the caller's monotonic milliseconds; no clock of its own.
//   Shapes: at most addresses_max buckets; full ones are forgotten first, since a new one is full too. When all are in
//   use, strangers share one bucket, so that a flood from many addresses cannot grow memory nor shut everybody else
//   out.
class RateLimiter {
  public:
    static constexpr std::size_t addresses_max = 4096;

    explicit RateLimiter(std::uint32_t per_minute) : per_minute_(per_minute) {}

    // Empty if the address may go on; otherwise how long until it may.
    std::optional<std::chrono::milliseconds> take(const std::string& address, std::chrono::milliseconds now);
    std::size_t addresses() const { return buckets_.size(); }

  private:
    struct Bucket {
        double tokens;
        std::chrono::milliseconds filled_at;
    };
    void fill(Bucket& bucket, std::chrono::milliseconds now) const;

    std::uint32_t per_minute_;
    std::unordered_map<std::string, Bucket> buckets_;
};

} // namespace playhead::http
