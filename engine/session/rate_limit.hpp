#pragma once

#include "core/time.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace playhead {

// Lets through `burst` messages at once and `per_s` a second over time; its whole state is one time.
//   Source: the generic cell rate algorithm (ITU-T I.371 annex A): a token bucket kept as a "theoretical arrival time".
class RateLimit {
  public:
    struct Budget {
        std::uint32_t per_s = 1;
        std::uint32_t burst = 1;
    };

    // Empty if the message is within the budget (and now counted); else how long until one would be.
    std::optional<Microseconds> take(Budget budget, ServerTime now) {
        const Microseconds interval{1'000'000 / std::max(budget.per_s, 1U)};
        const ServerTime arrival = std::max(expected_, now) + interval;
        const Microseconds wait = arrival - now - interval * std::int64_t{std::max(budget.burst, 1U)};
        if (wait > Microseconds{0}) return wait;
        expected_ = arrival;
        return std::nullopt;
    }

  private:
    ServerTime expected_{Microseconds{-3'600'000'000}}; // long ago: the budget starts full
};

} // namespace playhead
