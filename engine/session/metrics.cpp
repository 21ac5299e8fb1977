#include "session/metrics.hpp"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <string_view>
#include <utility>

namespace playhead {
namespace {

// Microseconds as seconds, exactly: Prometheus wants base units.
std::string seconds(std::int64_t us) {
    std::string text(32, '\0');
    const int length = std::snprintf(text.data(), text.size(), "%lld.%06lld", static_cast<long long>(us / 1'000'000),
                                     static_cast<long long>(us % 1'000'000));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

class Page {
  public:
    void counter(std::string_view name, std::string_view help, std::uint64_t value) {
        number(name, help, "counter", value);
    }
    void gauge(std::string_view name, std::string_view help, std::uint64_t value) {
        number(name, help, "gauge", value);
    }
    // One line for each set of labels.
    void family(std::string_view name, std::string_view help, std::string_view type) { head(name, help, type); }
    void sample(std::string_view name, std::string_view labels, std::uint64_t value) {
        line(name, "{" + std::string{labels} + "}", std::to_string(value));
    }
    // With few of the bounds: there are many of these.
    void sample(std::string_view name, std::string_view labels, const Histogram& histogram) {
        const std::string braced{labels};
        std::uint64_t below = 0;
        for (std::size_t bucket = 0; bucket + 1 < Histogram::bucket_count; ++bucket) {
            below += histogram.buckets()[bucket];
            if (bucket % 16 != 3) continue; // 4, 64, 1024 us ...
            line(name, "_bucket{" + braced + ",le=\"" + seconds(Histogram::bound(bucket).count()) + "\"}",
                 std::to_string(below));
        }
        line(name, "_bucket{" + braced + ",le=\"+Inf\"}", std::to_string(histogram.count()));
        line(name, "_sum{" + braced + "}", seconds(histogram.sum().count()));
        line(name, "_count{" + braced + "}", std::to_string(histogram.count()));
    }
    void histogram(std::string_view name, std::string_view help, const Histogram& histogram) {
        head(name, help, "histogram");
        std::uint64_t below = 0;
        for (std::size_t bucket = 0; bucket + 1 < Histogram::bucket_count; ++bucket) {
            below += histogram.buckets()[bucket];
            line(name, "_bucket{le=\"" + seconds(Histogram::bound(bucket).count()) + "\"}", std::to_string(below));
        }
        line(name, "_bucket{le=\"+Inf\"}", std::to_string(histogram.count()));
        line(name, "_sum", seconds(histogram.sum().count()));
        line(name, "_count", std::to_string(histogram.count()));
    }
    // How things are, in the form of a histogram: it goes down as well, so its type says gauge.
    void gauge(std::string_view name, std::string_view help, const DriftHistogram& histogram) {
        head(name, help, "gauge");
        std::uint64_t below = 0;
        for (std::size_t bucket = 0; bucket < DriftHistogram::bounds.size(); ++bucket) {
            below += histogram.buckets()[bucket];
            sample(name, "le=\"" + seconds(DriftHistogram::bounds[bucket].count()) + "\"", below);
        }
        sample(name, "le=\"+Inf\"", histogram.count());
    }
    std::string take() { return std::move(text_); }

  private:
    void number(std::string_view name, std::string_view help, std::string_view type, std::uint64_t value) {
        head(name, help, type);
        line(name, "", std::to_string(value));
    }
    void head(std::string_view name, std::string_view help, std::string_view type) {
        text_.append("# HELP playhead_").append(name).append(" ").append(help).append("\n");
        text_.append("# TYPE playhead_").append(name).append(" ").append(type).append("\n");
    }
    void line(std::string_view name, std::string_view suffix, std::string_view value) {
        text_.append("playhead_").append(name).append(suffix).append(" ").append(value).append("\n");
    }
    std::string text_;
};

std::string label(std::string_view name, std::string_view value) {
    std::string text{name};
    text += "=\"";
    for (const char character : value) {
        if (character == '\n') {
            text += "\\n";
            continue;
        }
        if (character == '"' || character == '\\') text += '\\';
        text += character;
    }
    return text + '"';
}

// "chat@1.0.0" is two labels, so that one can add up over versions.
std::string labels_of(std::string_view plugin) {
    const std::size_t at = plugin.find('@');
    const bool versioned = at != std::string_view::npos;
    return label("plugin", plugin.substr(0, at)) + ',' + label("version", versioned ? plugin.substr(at + 1) : "");
}

} // namespace

std::string to_prometheus(const PluginFigures& figures) {
    Page page;
    const auto each_plugin = [&](std::string_view name, std::string_view help, std::string_view type,
                                 std::uint64_t PluginFigure::* value) {
        page.family(name, help, type);
        for (const auto& [plugin, figure] : figures.plugins) page.sample(name, labels_of(plugin), figure.*value);
    };
    const auto each_hook = [&](std::string_view name, std::string_view help, std::string_view type,
                               auto HookFigure::* value) {
        page.family(name, help, type);
        for (const auto& [plugin, figure] : figures.plugins)
            for (const auto& [hook, one] : figure.hooks)
                page.sample(name, labels_of(plugin) + ',' + label("hook", hook), one.*value);
    };
    each_hook("plugin_calls_total", "Times a plugin's hook was run.", "counter", &HookFigure::calls);
    each_hook("plugin_errors_total", "Runs that failed and were rolled back.", "counter", &HookFigure::errors);
    each_hook("plugin_instructions_total", "Lua instructions, and what else is charged as such.", "counter",
              &HookFigure::instructions);
    each_hook("plugin_allocated_bytes_total", "Memory taken in Lua, given back or not.", "counter",
              &HookFigure::allocated_bytes);
    each_hook("plugin_hook_seconds", "How long a hook took.", "histogram", &HookFigure::time);
    each_plugin("plugin_suspensions_total", "Times a room suspended the plugin.", "counter",
                &PluginFigure::suspensions_total);
    each_plugin("plugin_rooms", "Rooms in which the plugin is loaded.", "gauge", &PluginFigure::rooms);
    each_plugin("plugin_suspended_rooms", "Rooms in which the plugin is suspended now.", "gauge",
                &PluginFigure::suspended_rooms);
    each_plugin("plugin_memory_bytes", "What the plugin took up in Lua when it was loaded, in all rooms.", "gauge",
                &PluginFigure::memory_bytes);
    each_plugin("plugin_state_bytes", "Shared and saved state, in all rooms.", "gauge", &PluginFigure::state_bytes);
    page.gauge("lua_bytes", "Memory held by all Lua states of rooms.", figures.lua_bytes);
    page.gauge("lua_states", "Lua states there are.", figures.lua_states);
    return page.take();
}

Metrics& Metrics::operator+=(const Metrics& other) {
    constexpr std::uint64_t Metrics::* numbers[] = {
        &Metrics::ticks_total,
        &Metrics::ticks_skipped_total,
        &Metrics::tick_overruns_total,
        &Metrics::rooms,
        &Metrics::viewers,
        &Metrics::sessions,
        &Metrics::sends_total,
        &Metrics::sent_bytes_total,
        &Metrics::deltas_encoded_total,
        &Metrics::snapshots_encoded_total,
        &Metrics::updates_repeated_total,
        &Metrics::acknowledgements_total,
        &Metrics::commands_applied_total,
        &Metrics::commands_superseded_total,
        &Metrics::commands_refused_total,
        &Metrics::sessions_opened_total,
        &Metrics::sessions_refused_total,
        &Metrics::sessions_resumed_total,
        &Metrics::hellos_waiting,
        &Metrics::hellos_turned_away_total,
        &Metrics::slow_sessions,
        &Metrics::slow_sessions_total,
        &Metrics::fan_out_passes_total,
        &Metrics::slow_closed_total,
        &Metrics::hash_mismatches_total,
        &Metrics::malformed_messages_total,
        &Metrics::connect_tokens_issued_total,
        &Metrics::signals_total,
        &Metrics::kicks_total,
        &Metrics::bans_total,
        &Metrics::plugin_room_ticks_put_off_total,
        &Metrics::recordings,
        &Metrics::recordings_lost_total,
        &Metrics::recording_bytes_total,
    };
    tick_duration += other.tick_duration;
    tick_lateness += other.tick_lateness;
    hello_wait += other.hello_wait;
    drift_viewers += other.drift_viewers;
    for (const auto number : numbers) this->*number += other.*number;
    return *this;
}

std::string to_prometheus(const Metrics& metrics) {
    Page page;
    page.histogram("tick_duration_seconds", "How long a tick of the shard took.", metrics.tick_duration);
    page.histogram("tick_lateness_seconds", "How late the first tick due was when it or its successor ran.",
                   metrics.tick_lateness);
    page.counter("ticks_total", "Ticks run.", metrics.ticks_total);
    page.counter("ticks_skipped_total", "Ticks that were not run because a later one stood for them.",
                 metrics.ticks_skipped_total);
    page.counter("tick_overruns_total", "Ticks that took longer than a tick lasts.", metrics.tick_overruns_total);
    page.gauge("rooms", "Rooms there are.", metrics.rooms);
    page.gauge("viewers", "Viewers of all rooms, lost ones whose place is kept among them.", metrics.viewers);
    page.gauge("sessions", "Connections of all rooms, those that have not said hello among them.", metrics.sessions);
    page.gauge("drift_viewers",
               "Viewers whose players are at most so many seconds off, of those that have reported of late.",
               metrics.drift_viewers);
    page.counter("fan_out_passes_total", "Times that all viewers of a room were visited with news.",
                 metrics.fan_out_passes_total);
    page.counter("sends_total", "Writes to connections.", metrics.sends_total);
    page.counter("sent_bytes_total", "Bytes handed to connections, WebSocket headers included.",
                 metrics.sent_bytes_total);
    page.counter("deltas_encoded_total", "Deltas encoded; each is shared by all who need it.",
                 metrics.deltas_encoded_total);
    page.counter("snapshots_encoded_total", "Snapshots encoded; each is shared by all who need it.",
                 metrics.snapshots_encoded_total);
    page.counter("updates_repeated_total", "Deltas said again because a lossy connection had not acknowledged them.",
                 metrics.updates_repeated_total);
    page.counter("acknowledgements_total", "States that clients on lossy connections said they hold.",
                 metrics.acknowledgements_total);
    page.counter("commands_applied_total", "Commands answered applied.", metrics.commands_applied_total);
    page.counter("commands_superseded_total", "Commands that came after a newer one.",
                 metrics.commands_superseded_total);
    page.counter("commands_refused_total", "Commands refused.", metrics.commands_refused_total);
    page.counter("sessions_opened_total", "Hellos accepted.", metrics.sessions_opened_total);
    page.counter("sessions_refused_total", "Connections closed by us before a hello was accepted.",
                 metrics.sessions_refused_total);
    page.counter("connect_tokens_issued_total", "Connect tokens given to who may join.",
                 metrics.connect_tokens_issued_total);
    page.counter("sessions_resumed_total", "Hellos that resumed a viewer's place.", metrics.sessions_resumed_total);
    page.gauge("hellos_waiting", "Hellos that wait until there is room for them.", metrics.hellos_waiting);
    page.histogram("hello_wait_seconds", "How long hellos waited that were not let in at once.", metrics.hello_wait);
    page.counter("hellos_turned_away_total",
                 "Hellos that were told to come back, since they would have waited for long.",
                 metrics.hellos_turned_away_total);
    page.gauge("slow_sessions", "Sessions outside the live group, waiting for their connection to drain.",
               metrics.slow_sessions);
    page.counter("slow_sessions_total", "Times a session left the live group because its connection was full.",
                 metrics.slow_sessions_total);
    page.counter("slow_closed_total", "Sessions closed because they did not drain.", metrics.slow_closed_total);
    page.counter("hash_mismatches_total", "Clients whose state differed from ours. Must read zero.",
                 metrics.hash_mismatches_total);
    page.counter("malformed_messages_total", "Messages that were refused by the decoder or the transport.",
                 metrics.malformed_messages_total);
    page.counter("signals_total", "Signals to plugins that were within their budget.", metrics.signals_total);
    page.counter("kicks_total", "Viewers that plugins sent out of their room.", metrics.kicks_total);
    page.counter("bans_total", "Bans that plugins asked for.", metrics.bans_total);
    page.counter("plugin_room_ticks_put_off_total",
                 "Ticks that rooms with dear plugins waited, so that others had theirs.",
                 metrics.plugin_room_ticks_put_off_total);
    page.gauge("recordings", "Rooms that are recorded now.", metrics.recordings);
    page.counter("recordings_lost_total", "Recordings that ended because their file could not be written.",
                 metrics.recordings_lost_total);
    page.counter("recording_bytes_total", "Bytes of recordings.", metrics.recording_bytes_total);
    return page.take();
}

} // namespace playhead
