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
    void histogram(std::string_view name, std::string_view help, const Histogram& histogram) {
        head(name, help, "histogram");
        std::uint64_t below = 0;
        for (std::size_t bucket = 0; bucket + 1 < Histogram::bucket_count; ++bucket) {
            below += histogram.buckets()[bucket];
            line(name, "_bucket{le=\"" + seconds(std::int64_t{1} << bucket) + "\"}", std::to_string(below));
        }
        line(name, "_bucket{le=\"+Inf\"}", std::to_string(histogram.count()));
        line(name, "_sum", seconds(histogram.sum().count()));
        line(name, "_count", std::to_string(histogram.count()));
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

} // namespace

void Histogram::record(Microseconds duration) {
    const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    // Bucket b holds what is at most 2^b us; the last one everything above.
    const auto bucket = us <= 1 ? 0 : static_cast<std::size_t>(std::bit_width(us - 1));
    ++buckets_[std::min(bucket, bucket_count - 1)];
    ++count_;
    sum_ += Microseconds{static_cast<std::int64_t>(us)};
}

Microseconds Histogram::quantile(double q) const {
    const auto wanted = static_cast<std::uint64_t>(q * static_cast<double>(count_));
    std::uint64_t below = 0;
    for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
        below += buckets_[bucket];
        if (below > 0 && below >= wanted) return Microseconds{std::int64_t{1} << bucket};
    }
    return Microseconds{0};
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
    page.counter("sends_total", "Writes to connections.", metrics.sends_total);
    page.counter("sent_bytes_total", "Bytes handed to connections, WebSocket headers included.",
                 metrics.sent_bytes_total);
    page.counter("deltas_encoded_total", "Deltas encoded; each is shared by all who need it.",
                 metrics.deltas_encoded_total);
    page.counter("snapshots_encoded_total", "Snapshots encoded; each is shared by all who need it.",
                 metrics.snapshots_encoded_total);
    page.counter("commands_applied_total", "Commands answered applied.", metrics.commands_applied_total);
    page.counter("commands_superseded_total", "Commands that came after a newer one.",
                 metrics.commands_superseded_total);
    page.counter("commands_refused_total", "Commands refused.", metrics.commands_refused_total);
    page.counter("sessions_opened_total", "Hellos accepted.", metrics.sessions_opened_total);
    page.counter("sessions_refused_total", "Connections closed by us before a hello was accepted.",
                 metrics.sessions_refused_total);
    page.counter("sessions_resumed_total", "Hellos that resumed a viewer's place.", metrics.sessions_resumed_total);
    page.gauge("slow_sessions", "Sessions outside the live group, waiting for their connection to drain.",
               metrics.slow_sessions);
    page.counter("slow_closed_total", "Sessions closed because they did not drain.", metrics.slow_closed_total);
    page.counter("hash_mismatches_total", "Clients whose state differed from ours. Must read zero.",
                 metrics.hash_mismatches_total);
    page.counter("malformed_messages_total", "Messages that were refused by the decoder or the transport.",
                 metrics.malformed_messages_total);
    return page.take();
}

} // namespace playhead
