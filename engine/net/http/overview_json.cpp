#include "net/http/overview_json.hpp"

#include <boost/json.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace playhead::http {
namespace {

namespace json = boost::json;

double milliseconds(Microseconds time) { return static_cast<double>(time.count()) / 1000; }
double seconds(Microseconds time) { return static_cast<double>(time.count()) / 1e6; }

// Powers of two are fine enough to look at. One count more than there are bounds: what lies above the last.
json::object histogram_of(const Histogram& histogram) {
    json::array bounds;
    json::array counts;
    std::uint64_t count = 0;
    for (std::size_t bucket = 0; bucket + 1 < Histogram::bucket_count; ++bucket) {
        const Microseconds bound = Histogram::bound(bucket);
        count += histogram.buckets()[bucket];
        if (!std::has_single_bit(static_cast<std::uint64_t>(bound.count()))) continue;
        bounds.push_back(milliseconds(bound));
        counts.push_back(std::exchange(count, 0));
    }
    counts.push_back(histogram.buckets().back());
    return {{"le", std::move(bounds)},
            {"counts", std::move(counts)},
            {"p50", milliseconds(histogram.quantile(0.5))},
            {"p99", milliseconds(histogram.quantile(0.99))}};
}

json::object histogram_of(const DriftHistogram& histogram) {
    json::array bounds;
    for (const Microseconds bound : DriftHistogram::bounds) bounds.push_back(milliseconds(bound));
    return {{"le", std::move(bounds)}, {"counts", json::array(histogram.buckets().begin(), histogram.buckets().end())}};
}

json::object shard_of(const ShardOverview& shard, std::size_t index) {
    const Metrics& metrics = shard.metrics;
    return {{"index", index},
            {"rooms", metrics.rooms},
            {"viewers", metrics.viewers},
            {"sessions", metrics.sessions},
            {"tick_load", shard.tick_load},
            {"cpu_s", seconds(shard.processor_time)},
            {"tick_ms", histogram_of(metrics.tick_duration)},
            {"ticks_total", metrics.ticks_total},
            {"ticks_skipped_total", metrics.ticks_skipped_total},
            {"tick_overruns_total", metrics.tick_overruns_total},
            {"fan_out_passes_total", metrics.fan_out_passes_total},
            {"sends_total", metrics.sends_total},
            {"sent_bytes_total", metrics.sent_bytes_total},
            {"slow_sessions", metrics.slow_sessions},
            {"slow_sessions_total", metrics.slow_sessions_total},
            {"slow_closed_total", metrics.slow_closed_total},
            {"plugin_room_ticks_put_off_total", metrics.plugin_room_ticks_put_off_total}};
}

json::object room_of(const RoomOverview& overview) {
    const RoomSummary& room = overview.room;
    json::object drift{{"reporting", overview.drift.count()}, {"p50", nullptr}, {"p95", nullptr}};
    if (overview.drift.count() > 0) {
        drift["p50"] = milliseconds(overview.drift.quantile(0.5));
        drift["p95"] = milliseconds(overview.drift.quantile(0.95));
    }
    return {{"room", room.id.text()},
            {"title", room.title},
            {"link", "/r/" + room.id.text() + (room.listed ? "#" + room.join_token : std::string{})},
            {"viewers", room.viewers},
            {"playing", overview.playing},
            {"media_title", room.media_title},
            {"plugin_ms_total", milliseconds(overview.plugin_time)},
            {"plugin_turn_ms", milliseconds(overview.plugin_turn)},
            {"drift_ms", std::move(drift)},
            {"slow_sessions", overview.slow_sessions}};
}

json::object plugin_of(std::string_view label, const PluginOverview& plugin) {
    const std::size_t at = label.find('@'); // none: "other", those beyond the limit of what is told apart
    json::array hashes;
    for (const std::string& hash : plugin.hashes) hashes.push_back(json::string{hash});
    return {{"name", label.substr(0, at)},
            {"version", at == std::string_view::npos ? std::string_view{} : label.substr(at + 1)},
            {"hashes", std::move(hashes)},
            {"rooms", plugin.rooms},
            {"suspended_rooms", plugin.suspended_rooms},
            {"suspensions_total", plugin.suspensions_total},
            {"calls_total", plugin.calls_total},
            {"errors_total", plugin.errors_total},
            {"instructions_total", plugin.instructions_total},
            {"ms_total", milliseconds(plugin.time_total)},
            {"memory_bytes", plugin.memory_bytes},
            {"state_bytes", plugin.state_bytes}};
}

} // namespace

std::string overview_json(const EngineOverview& engine, const RunFacts& facts, bool draining) {
    json::array shards;
    for (const ShardOverview& shard : engine.shards) shards.push_back(shard_of(shard, shards.size()));
    json::array rooms;
    for (const RoomOverview& room : engine.rooms) rooms.push_back(room_of(room));
    json::array plugins;
    for (const auto& [label, plugin] : engine.plugins) plugins.push_back(plugin_of(label, plugin));
    return json::serialize(json::object{{"engine",
                                         {{"version", facts.version},
                                          {"uptime_s", seconds(engine.taken_at.time_since_epoch())},
                                          {"tick_us", facts.tick_length.value.count()},
                                          {"draining", draining}}},
                                        {"shards", std::move(shards)},
                                        {"rooms", std::move(rooms)},
                                        {"plugins", std::move(plugins)},
                                        {"drift_ms", histogram_of(engine.drift)}});
}

} // namespace playhead::http
