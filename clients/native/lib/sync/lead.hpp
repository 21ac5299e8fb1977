#pragma once

#include "core/time.hpp"
#include "lib/sync/motion.hpp"

#include <cstdint>
#include <optional>

namespace playhead::client::sync {

// What engines use before they have measured their viewers; held to lead.ts by tests/vectors/constants.json.
namespace lead_constants {
inline constexpr Microseconds start_lead{150'000};
inline constexpr Microseconds seek_lead{225'000};
} // namespace lead_constants

// How far ahead the room schedules starts, learnt from what it does; for showing own commands at once.
class LeadEstimate {
  public:
    // A delta of `tick` has brought this motion; `media` is the instance before it: a load has a lead of its own.
    void observe(Tick tick, const RoomMotion& motion, MediaInstance media);

    struct Ticks {
        std::uint32_t start = 0;
        std::uint32_t seek = 0;
    };
    // From the moment a person acts: the way there and half a tick of waiting come on top.
    Ticks ticks(TickLength tick_length, double rtt_ms) const;

  private:
    std::optional<std::uint32_t> start_ticks_;
    std::optional<std::uint32_t> seek_ticks_;
};

} // namespace playhead::client::sync
