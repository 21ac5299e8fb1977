#pragma once

#include "lib/sync/clock.hpp"
#include "playhead/sync_status.hpp"
#include "replication/messages.hpp"

#include <limits>
#include <optional>

// What tells the room, about once a second, how this viewer is doing. Lossy: a report that cannot be sent is not kept.
namespace playhead::client::sync {

// Bounds on what an engine may ask for; held to reports.ts by tests/vectors/constants.json. Unit: ms.
inline constexpr double report_ms_min = 250;
inline constexpr double report_ms_max = 60'000;

struct Figures {
    Version version;
    MediaInstance media;
    std::optional<ClockEstimate> clock;
    // Empty without a player: this viewer watches nothing.
    std::optional<SyncStatus> sync;
};

// It can always be encoded, whatever a player says.
Report report_of(const Figures& figures);

// When to report.
//   Units: milliseconds of the caller's steady clock.
class ReportSchedule {
  public:
    // The first after a part of the interval, by `chance` from 0 to 1: viewers that came together do not report
    // together.
    void start(double interval_ms, double chance, double now_ms);
    void stop() { next_ms_ = std::numeric_limits<double>::infinity(); }
    // Whether one is due, once.
    bool take_due(double now_ms);
    // Infinite while stopped.
    double next_ms() const { return next_ms_; }

  private:
    double every_ms_ = report_ms_max;
    double next_ms_ = std::numeric_limits<double>::infinity();
};

} // namespace playhead::client::sync
