#include "session/telemetry.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace playhead {
namespace {

std::uint16_t saturated(std::int64_t value) {
    return static_cast<std::uint16_t>(std::clamp<std::int64_t>(value, 0, std::numeric_limits<std::uint16_t>::max()));
}

bool has(const Telemetry& row, ReportFlag flag) { return (row.flags & std::to_underlying(flag)) != 0; }

Microseconds size_of(Microseconds drift) { return std::chrono::abs(drift); }

} // namespace

void ViewerFigures::add(const Report& report, ServerTime now) {
    delay_.add(report.delay);
    heard_ = true;
    heard_at_ = now;
    drift_ = report.drift;
    media_ = report.media;
    delay_ms_ = saturated(report.delay.count() / 1000);
    buffer_ms_ = saturated(report.buffer_ms);
    flags_ = report.flags;
}

std::optional<Telemetry> ViewerFigures::telemetry(ViewerId viewer, MediaInstance media, ServerTime now,
                                                  Microseconds report_interval) const {
    if (!heard_ || media_ != media || now - heard_at_ > report_interval * intervals_shown) return std::nullopt;
    return Telemetry{viewer, drift_, delay_ms_, buffer_ms_, flags_};
}

void add_telemetry(Beacon& beacon, std::vector<Telemetry> rows, std::size_t viewers) {
    if (viewers <= telemetry_rows_max) {
        beacon.telemetry = std::move(rows);
        return;
    }
    if (rows.empty()) return;
    std::ranges::sort(rows, [](const Telemetry& a, const Telemetry& b) {
        return std::pair{size_of(a.drift), a.viewer} > std::pair{size_of(b.drift), b.viewer};
    });
    const auto drift_at = [&](std::size_t percent) { // worst first
        return size_of(rows[(rows.size() - 1) * (100 - percent) / 100].drift);
    };
    DriftDistribution all;
    all.reporting = static_cast<std::uint32_t>(rows.size());
    all.p50 = drift_at(50);
    all.p95 = drift_at(95);
    all.max = drift_at(100);
    for (const Telemetry& row : rows) {
        all.stalled += has(row, ReportFlag::stalled);
        all.away += has(row, ReportFlag::away);
    }
    beacon.distribution = all;
    rows.resize(std::min(rows.size(), telemetry_worst_count));
    beacon.telemetry = std::move(rows);
}

ReportingPace pace_for(std::size_t viewers, std::size_t sessions, const SessionSettings& settings) {
    // Up to this many viewers, everyone at full pace; ten times as many report a tenth as often, and no less than that.
    constexpr std::size_t full_pace_viewers = 200;
    constexpr std::int64_t slowdown_max = 10;
    // Clock exchanges slow down sooner, until they ride on the report.
    constexpr std::size_t full_ping_viewers = 32;
    // And so they do on a thread that serves many, in rooms however small: an exchange is three system calls, and four
    // a second from each of eight thousand viewers are most of a core.
    constexpr std::size_t full_ping_sessions = 500;
    const auto slowdown = [](std::size_t count, std::size_t full) { return static_cast<std::int64_t>(count / full); };
    // Nobody is to be taken for gone because they were asked to say little: two of three may be lost.
    const std::chrono::milliseconds slowest =
        std::min<std::chrono::milliseconds>(settings.report_interval * slowdown_max, settings.silence_timeout / 3);
    ReportingPace pace;
    pace.report_interval =
        std::min(settings.report_interval * std::max<std::int64_t>(slowdown(viewers, full_pace_viewers), 1), slowest);
    const std::int64_t ping_slowdown =
        std::max({slowdown(viewers, full_ping_viewers), slowdown(sessions, full_ping_sessions), std::int64_t{1}});
    pace.ping_interval = std::clamp(settings.ping_interval * ping_slowdown, settings.ping_interval,
                                    std::max(settings.ping_interval, slowest));
    return pace;
}

} // namespace playhead
