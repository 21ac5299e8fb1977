#pragma once

#include "lib/sync/clock.hpp"

#include <cstddef>

// When to ping next. A policy, kept apart from the estimator and from the connection that obeys it.
namespace playhead::client::sync {

// The constants of ping-schedule.ts; tests/vectors/constants.json holds the two together. Unit: ms.
namespace ping_constants {
// Gap inside the burst at connect. Source: browser-sync.md section 1 (20 pings at 50 ms).
inline constexpr double burst_gap_ms = 50;
// The burst lasts at least so many exchanges,
inline constexpr std::size_t burst_samples = 20;
// until that many were quick (a program or server that is starting up makes slow ones),
inline constexpr std::size_t burst_good_samples = clock_constants::settled_good_samples;
// but no longer than this many.
inline constexpr std::size_t burst_samples_max = 40;
// How long a small room goes on at the burst's pace: each sample is one more chance of a quick way.
inline constexpr double opening_ms = 5'000;
// Gap after that, while the estimate still gains much from each sample.
inline constexpr double close_gap_ms = 100;
// How long that phase lasts after connecting. Source: 10 a second is needed for 1.5 ms at 30 s.
inline constexpr double close_phase_ms = 60'000;
// Gap in a small room for good.
inline constexpr double small_room_gap_ms = 250;
// Rooms up to this many viewers are small; above it the gap grows in proportion.
inline constexpr double small_room_viewers = 20;
// Gap in the widest rooms, where the ping rides on the viewer's own report.
inline constexpr double wide_room_gap_ms = 10'000;
} // namespace ping_constants

struct PingProgress {
    // Exchanges accepted since connecting or since the estimator was reset.
    std::size_t samples = 0;
    // Those with a round trip below good_rtt_ms.
    std::size_t good_samples = 0;
    // Since the first ping of this connection.
    double elapsed_ms = 0;
    // How many viewers are in the room; 1 when unknown.
    std::size_t viewers = 1;
};

// How long to wait before the next ping. Unit: ms.
double ping_schedule(const PingProgress& progress);

} // namespace playhead::client::sync
