#include "lib/sync/ping_schedule.hpp"

#include <algorithm>

namespace playhead::client::sync {

using namespace ping_constants;

double ping_schedule(const PingProgress& progress) {
    const bool few = progress.samples < burst_samples || progress.good_samples < burst_good_samples;
    if (few && progress.samples < burst_samples_max) return burst_gap_ms;
    const double crowd = std::max(1.0, static_cast<double>(progress.viewers) / small_room_viewers);
    const double lasting_ms = std::min(wide_room_gap_ms, small_room_gap_ms * crowd);
    if (progress.elapsed_ms < opening_ms && crowd <= 1) return burst_gap_ms;
    return progress.elapsed_ms < close_phase_ms ? std::min(lasting_ms, close_gap_ms * crowd) : lasting_ms;
}

} // namespace playhead::client::sync
