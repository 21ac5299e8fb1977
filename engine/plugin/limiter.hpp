#pragma once

#include "core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace playhead {

// Token buckets by key, in ticks: `rate` tokens a second, `burst` at once. Integers, so that it comes out the same
// everywhere. A value.
//   Bounds: a bucket that has filled up again is as good as none and goes when room is needed; when none is full, new
//           keys wait.
class Limiter {
  public:
    static constexpr std::size_t keys_max = 16'384;
    static constexpr std::size_t key_bytes_max = 128;
    static constexpr double per_s_min = 0.0001;
    static constexpr double per_s_max = 10'000;
    static constexpr std::uint32_t burst_max = 1'000'000;
    using Key = std::variant<std::int64_t, std::string>;

    Limiter(double per_s, std::uint32_t burst, TickLength tick_length);

    // Takes `cost` tokens if they are there; else says after how many ticks they will be (never, if `cost` is beyond
    // the burst: then as long as it takes to fill up).
    std::optional<std::uint32_t> take(const Key& key, Tick tick, std::uint32_t cost = 1);
    void forget(const Key& key) { buckets_.erase(key); }

    std::size_t size() const { return buckets_.size(); }
    bool operator==(const Limiter&) const = default;

  private:
    static constexpr std::int64_t unit = 1'000'000'000; // of one token
    struct Bucket {
        std::int64_t level = 0; // as of `at`
        Tick at;
        bool operator==(const Bucket&) const = default;
    };
    std::int64_t level_of(const Bucket& bucket, Tick tick) const;
    void sweep(Tick tick);

    std::int64_t per_tick_ = 1;
    std::int64_t full_ = unit;
    std::map<Key, Bucket> buckets_;
    std::size_t sweep_at_ = 64; // buckets
};

} // namespace playhead
