#include "session/overview.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace playhead {
namespace {

// Of ten thousand rooms only those that are shown are looked at closely.
std::vector<RoomOverview> fullest_rooms(Directory& directory) {
    struct Candidate {
        const RoomHost* room;
        std::uint32_t viewers;
    };
    std::vector<Candidate> all;
    all.reserve(directory.size());
    directory.for_each([&](const RoomHost& room) { all.push_back({&room, room.state().viewer_count.value()}); });
    const std::size_t shown = std::min(all.size(), ShardOverview::rooms_max);
    std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(shown), [](auto& a, auto& b) {
        return a.viewers != b.viewers ? a.viewers > b.viewers : a.room->id() < b.room->id();
    });
    all.resize(shown);

    std::vector<RoomOverview> rooms;
    rooms.reserve(shown);
    for (const auto& [room, viewers] : all) {
        rooms.push_back({.room = directory.summary(*room),
                         .playing = room->state().motion.value().current.playing,
                         .plugin_time = room->plugin_cost().total,
                         .plugin_turn = duration_cast<Microseconds>(room->plugin_cost().turn),
                         .drift = room->drift(),
                         .slow_sessions = room->slow_sessions()});
    }
    return rooms;
}

// Rooms share their sets, so that few texts are looked at.
PluginOverviews plugins_of(Directory& directory, const PluginFigures& figures) {
    PluginOverviews plugins;
    for (const auto& [label, figure] : figures.plugins) plugins[label] += figure;
    std::set<const PluginSet*> sets;
    directory.for_each([&](const RoomHost& room) {
        if (room.has_plugins()) sets.insert(room.plugins().get());
    });
    for (const PluginSet* set : sets)
        for (const PluginSummary& plugin : summaries_of(*set))
            plugins[plugin.name + '@' + plugin.version].hashes.insert(plugin.hash);
    return plugins;
}

bool fuller(const RoomOverview& a, const RoomOverview& b) {
    return a.room.viewers != b.room.viewers ? a.room.viewers > b.room.viewers : a.room.id < b.room.id;
}

} // namespace

PluginOverview& PluginOverview::operator+=(const PluginFigure& figure) {
    rooms += figure.rooms;
    suspended_rooms += figure.suspended_rooms;
    suspensions_total += figure.suspensions_total;
    memory_bytes += figure.memory_bytes;
    state_bytes += figure.state_bytes;
    for (const auto& [name, hook] : figure.hooks) {
        calls_total += hook.calls;
        errors_total += hook.errors;
        instructions_total += hook.instructions;
        time_total += hook.time.sum();
    }
    return *this;
}

PluginOverview& PluginOverview::operator+=(const PluginOverview& other) {
    hashes.insert(other.hashes.begin(), other.hashes.end());
    rooms += other.rooms;
    suspended_rooms += other.suspended_rooms;
    suspensions_total += other.suspensions_total;
    calls_total += other.calls_total;
    errors_total += other.errors_total;
    instructions_total += other.instructions_total;
    time_total += other.time_total;
    memory_bytes += other.memory_bytes;
    state_bytes += other.state_bytes;
    return *this;
}

ShardOverview overview_of(const ShardContext& shard, Directory& directory) {
    return {.taken_at = shard.clock.now(),
            .metrics = shard.metrics,
            .tick_load = shard.tick_load,
            .processor_time = shard.clock.thread_time(),
            .rooms = fullest_rooms(directory),
            .plugins = plugins_of(directory, shard.plugin_figures)};
}

EngineOverview merged(std::vector<ShardOverview> shards) {
    EngineOverview engine;
    for (ShardOverview& shard : shards) {
        engine.taken_at = std::max(engine.taken_at, shard.taken_at);
        engine.drift += shard.metrics.drift_viewers;
        std::ranges::move(std::exchange(shard.rooms, {}), std::back_inserter(engine.rooms));
        for (const auto& [label, plugin] : std::exchange(shard.plugins, {})) engine.plugins[label] += plugin;
    }
    engine.shards = std::move(shards);
    std::ranges::sort(engine.rooms, fuller);
    const std::size_t shown = std::min(engine.rooms.size(), ShardOverview::rooms_max);
    engine.rooms.erase(engine.rooms.begin() + static_cast<std::ptrdiff_t>(shown), engine.rooms.end());
    return engine;
}

} // namespace playhead
