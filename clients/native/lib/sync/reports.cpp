#include "lib/sync/reports.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

namespace playhead::client::sync {

namespace {

// A figure as the wire carries it; nothing where it is none.
std::int64_t bounded(double value, std::int64_t min, std::int64_t max) {
    if (!std::isfinite(value)) return 0;
    return std::llround(std::clamp(value, static_cast<double>(min), static_cast<double>(max)));
}

std::uint8_t bit(ReportFlag flag, bool set) { return set ? std::to_underlying(flag) : std::uint8_t{0}; }

} // namespace

Report report_of(const Figures& figures) {
    constexpr std::int64_t i32_max = std::numeric_limits<std::int32_t>::max();
    constexpr std::int64_t u32_max = std::numeric_limits<std::uint32_t>::max();
    const ClockEstimate clock = figures.clock.value_or(ClockEstimate{});
    const SyncStatus sync = figures.sync.value_or(SyncStatus{});
    const double duration_ms = sync.other_copy ? 0 : sync.duration_ms.value_or(0);
    const int flags = bit(ReportFlag::stalled, sync.stalled) | bit(ReportFlag::away, !figures.sync) |
                      bit(ReportFlag::blocked, sync.blocked) | bit(ReportFlag::inexact, sync.inexact);
    return {.version = figures.version,
            .media = figures.media,
            .drift = Microseconds{bounded(sync.error_ms.value_or(0) * 1000, -i32_max, i32_max)},
            .delay = Microseconds{bounded(clock.rtt_ms / 2 * 1000, 0, u32_max)},
            .clock_error = Microseconds{bounded(clock.error_bound_ms * 1000, 0, u32_max)},
            .buffer_ms = static_cast<std::uint32_t>(bounded(sync.buffer_ms, 0, u32_max)),
            .duration = MediaTime{bounded(duration_ms * 1000, 0, time_max.count())},
            .flags = static_cast<std::uint8_t>(flags)};
}

void ReportSchedule::start(double interval_ms, double chance, double now_ms) {
    every_ms_ = std::isfinite(interval_ms) ? std::clamp(interval_ms, report_ms_min, report_ms_max) : report_ms_max;
    next_ms_ = now_ms + every_ms_ * (0.5 + 0.5 * std::clamp(chance, 0.0, 1.0));
}

bool ReportSchedule::take_due(double now_ms) {
    if (now_ms < next_ms_) return false;
    next_ms_ = now_ms + every_ms_;
    return true;
}

} // namespace playhead::client::sync
