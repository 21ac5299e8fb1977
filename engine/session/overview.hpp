#pragma once

#include "core/time.hpp"
#include "session/directory.hpp"
#include "session/drift_histogram.hpp"
#include "session/metrics.hpp"
#include "session/shard_context.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace playhead {

// One room as whoever runs the engine sees it.
struct RoomOverview {
    RoomSummary room; // without its plugins
    bool playing = false;
    // What its plugins have taken since it was made, loading among it; and a turn of late, on average.
    Microseconds plugin_time{0};
    Microseconds plugin_turn{0};
    // As of its last beacon, a second ago at most.
    DriftHistogram drift;
    std::uint32_t slow_sessions = 0;
};

// One version of a plugin over all rooms: what its PluginFigure says, all hooks together.
struct PluginOverview {
    std::set<std::string> hashes; // of the code that rooms are to run under this name and version; mostly one
    std::uint64_t rooms = 0;      // in which it is loaded
    std::uint64_t suspended_rooms = 0;
    std::uint64_t suspensions_total = 0;
    std::uint64_t calls_total = 0;
    std::uint64_t errors_total = 0;
    std::uint64_t instructions_total = 0;
    Microseconds time_total{0};
    std::uint64_t memory_bytes = 0;
    std::uint64_t state_bytes = 0;

    PluginOverview& operator+=(const PluginFigure& figure);
    PluginOverview& operator+=(const PluginOverview& other);
};
using PluginOverviews = std::map<std::string, PluginOverview, std::less<>>; // by "chat@1.0.0"

// What one shard tells of itself when it is asked: a value that leaves its thread. What was sent, who is slow and how
// everyone drifts is in its metrics.
struct ShardOverview {
    ServerTime taken_at;
    Metrics metrics;
    double tick_load = 0;           // share of the ticks' time that they took of late; 1 = all of it
    Microseconds processor_time{0}; // that the shard's thread has had
    // The fullest first, by their ids where they are as full.
    static constexpr std::size_t rooms_max = 200;
    std::vector<RoomOverview> rooms;
    PluginOverviews plugins;
};

// All shards together; what is one shard's own stays with it.
struct EngineOverview {
    ServerTime taken_at;               // of the last shard that was asked
    std::vector<ShardOverview> shards; // without rooms and plugins, which are here:
    std::vector<RoomOverview> rooms;   // as many and in the same order as a shard's
    PluginOverviews plugins;
    DriftHistogram drift;
};

// Looks at each room once and at no viewer.   Thread: the shard's.
ShardOverview overview_of(const ShardContext& shard, Directory& directory);

// In the order of the shards.
EngineOverview merged(std::vector<ShardOverview> shards);

} // namespace playhead
