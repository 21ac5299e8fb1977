#include "session/lead.hpp"

#include <algorithm>
#include <chrono>

namespace playhead {
namespace {

Microseconds whole_ticks(Microseconds duration, TickLength tick_length) {
    const auto ticks = (duration + tick_length.value - Microseconds{1}) / tick_length.value;
    return tick_length.value * ticks;
}

Microseconds worst(std::span<Microseconds> bounds) {
    if (bounds.empty()) return lead_parts::assumed_delay;
    if (bounds.size() <= lead_parts::everyone_max) return *std::ranges::max_element(bounds);
    const auto place = bounds.begin() + static_cast<std::ptrdiff_t>(bounds.size() * 9 / 10);
    std::ranges::nth_element(bounds, place);
    return *place;
}

} // namespace

void DelayEstimate::add(Microseconds one_way) {
    if (!known_) {
        known_ = true;
        smoothed_ = one_way;
        deviation_ = one_way / 4;
        return;
    }
    deviation_ += (std::chrono::abs(one_way - smoothed_) - deviation_) / 4;
    smoothed_ += (one_way - smoothed_) / 8;
}

Lead lead_for(std::span<Microseconds> bounds, TickLength tick_length) {
    using namespace lead_parts;
    const Microseconds start =
        std::clamp(worst(bounds) + play_latency + tick_wait + margin, Microseconds{start_min}, Microseconds{start_max});
    return Lead{.start = whole_ticks(start, tick_length),
                .seek = whole_ticks(start + seek_extra, tick_length),
                .load = whole_ticks(start + load_extra, tick_length)};
}

} // namespace playhead
