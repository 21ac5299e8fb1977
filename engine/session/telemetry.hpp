#pragma once

#include "core/ids.hpp"
#include "core/time.hpp"
#include "replication/messages.hpp"
#include "session/lead.hpp"
#include "session/settings.hpp"

#include <optional>
#include <vector>

namespace playhead {

// The last that was heard of how one viewer is doing. Lossy by nature: the newest report replaces the one before.
class ViewerFigures {
  public:
    void add(const Report& report, ServerTime now);
    // Empty if nothing was heard for a while, or if it was about other media.
    std::optional<Telemetry> telemetry(ViewerId viewer, MediaInstance media, ServerTime now,
                                       Microseconds report_interval) const;
    const DelayEstimate& delay() const { return delay_; }

  private:
    // Reports may be late or lost; figures older than this many intervals are shown no more.
    static constexpr int intervals_shown = 4;

    DelayEstimate delay_;
    ServerTime heard_at_;
    Microseconds drift_{0};
    MediaInstance media_;
    std::uint16_t delay_ms_ = 0;
    std::uint16_t buffer_ms_ = 0;
    std::uint8_t flags_ = 0;
    bool heard_ = false;
};

// Rooms up to this size see everybody's figures ...
inline constexpr std::size_t telemetry_rows_max = 32;
// ... larger ones a distribution, and this many of the worst.
inline constexpr std::size_t telemetry_worst_count = 8;

// Puts what the viewers reported into the beacon, as much of it as a room of `viewers` shows.
void add_telemetry(Beacon& beacon, std::vector<Telemetry> rows, std::size_t viewers);

// How often clients are to report and to ping, by how many they are in the room, and how many sessions the room's
// thread serves: its load stays bounded.
struct ReportingPace {
    std::chrono::milliseconds report_interval{1000};
    std::chrono::milliseconds ping_interval{250};
};
ReportingPace pace_for(std::size_t viewers, std::size_t sessions, const SessionSettings& settings);

} // namespace playhead
