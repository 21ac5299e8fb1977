#include "lib/sync/lead.hpp"

#include <algorithm>
#include <cmath>

namespace playhead::client::sync {

namespace {

// A way longer than this is a fault, and nothing is shown minutes late. Unit: ms.
constexpr double rtt_ms_max = 10'000;

std::uint32_t ticks_in(Microseconds lead, TickLength length) {
    return static_cast<std::uint32_t>((lead + length.value - Microseconds{1}) / length.value);
}

} // namespace

void LeadEstimate::observe(Tick tick, const RoomMotion& motion, MediaInstance media) {
    if (!motion.pending || motion.pending->media != media || motion.pending->anchor_tick <= tick) return;
    const std::uint32_t ticks = motion.pending->anchor_tick.number - tick.number;
    // A seek stands still from its own tick on; a start leaves what was there before.
    (motion.current.anchor_tick == tick ? seek_ticks_ : start_ticks_) = ticks;
}

LeadEstimate::Ticks LeadEstimate::ticks(TickLength tick_length, double rtt_ms) const {
    const double one_way_us = std::clamp(std::isnan(rtt_ms) ? 0 : rtt_ms, 0.0, rtt_ms_max) * 500;
    const auto way_ticks =
        static_cast<std::uint32_t>(std::ceil(one_way_us / static_cast<double>(tick_length.value.count()) + 0.5));
    return {.start = start_ticks_.value_or(ticks_in(lead_constants::start_lead, tick_length)) + way_ticks,
            .seek = seek_ticks_.value_or(ticks_in(lead_constants::seek_lead, tick_length)) + way_ticks};
}

} // namespace playhead::client::sync
