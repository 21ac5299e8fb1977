#pragma once

#include "core/histogram.hpp"
#include "plugin/figures.hpp"
#include "session/drift_histogram.hpp"

#include <cstdint>
#include <string>

namespace playhead {

// What one shard counts. Plain numbers on one thread; the metrics page asks for a copy by message.
// Every member appears in /metrics as playhead_<name>.
struct Metrics {
    Histogram tick_duration;
    Histogram tick_lateness;
    std::uint64_t ticks_total = 0;
    std::uint64_t ticks_skipped_total = 0;
    std::uint64_t tick_overruns_total = 0;
    std::uint64_t rooms = 0;
    std::uint64_t viewers = 0;
    std::uint64_t sessions = 0;
    DriftHistogram drift_viewers; // of all rooms, as of their last beacons
    std::uint64_t fan_out_passes_total = 0;
    std::uint64_t sends_total = 0;
    std::uint64_t sent_bytes_total = 0;
    std::uint64_t deltas_encoded_total = 0;
    std::uint64_t snapshots_encoded_total = 0;
    std::uint64_t updates_repeated_total = 0; // to connections that lose frames
    std::uint64_t acknowledgements_total = 0; // from those
    std::uint64_t commands_applied_total = 0;
    std::uint64_t commands_superseded_total = 0;
    std::uint64_t commands_refused_total = 0;
    std::uint64_t sessions_opened_total = 0;
    std::uint64_t sessions_refused_total = 0;
    std::uint64_t sessions_resumed_total = 0;
    std::uint64_t hellos_waiting = 0; // for a tick that has room for them
    Histogram hello_wait;             // of those that had to, however it ended
    std::uint64_t hellos_turned_away_total = 0;
    std::uint64_t slow_sessions = 0; // outside the live group now
    std::uint64_t slow_sessions_total = 0;
    std::uint64_t slow_closed_total = 0;
    std::uint64_t hash_mismatches_total = 0; // must read zero
    std::uint64_t malformed_messages_total = 0;
    std::uint64_t connect_tokens_issued_total = 0;
    std::uint64_t signals_total = 0;
    std::uint64_t kicks_total = 0;
    std::uint64_t bans_total = 0;
    std::uint64_t plugin_room_ticks_put_off_total = 0;
    std::uint64_t recordings = 0; // of rooms, now
    std::uint64_t recordings_lost_total = 0;
    std::uint64_t recording_bytes_total = 0;

    // Of several shards together.
    Metrics& operator+=(const Metrics& other);
};

// What a shard's plugins did: per plugin and hook.
std::string to_prometheus(const PluginFigures& figures);

// Prometheus text exposition format 0.0.4.
std::string to_prometheus(const Metrics& metrics);

} // namespace playhead
