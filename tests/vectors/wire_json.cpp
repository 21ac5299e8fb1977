#include "vectors/wire_json.hpp"

#include <array>
#include <charconv>
#include <iterator>
#include <string_view>
#include <utility>

// Values as JSON, with the field names of the schemas.
namespace playhead::test {

using namespace std::chrono_literals;

namespace {

std::string_view name(MediaKind kind) {
    constexpr std::string_view names[] = {"none", "file", "hls", "dash", "youtube", "vimeo", "twitch"};
    return names[std::to_underlying(kind)];
}
std::string_view name(EventKind kind) {
    constexpr std::string_view names[] = {"none",         "played", "paused",     "sought",
                                          "rate_changed", "loaded", "media_ended"};
    return names[std::to_underlying(kind)];
}
std::string_view name(Verdict verdict) {
    constexpr std::string_view names[] = {"applied", "superseded", "refused"};
    return names[std::to_underlying(verdict)];
}

std::string shortest(double number) {
    std::array<char, 32> text{};
    const auto* end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    return {text.begin(), std::next(text.begin(), end - text.data())};
}

} // namespace

Json json(const Playhead& playhead) {
    return object({{"anchor_position_us", playhead.anchor_position},
                   {"anchor_tick", playhead.anchor_tick.number},
                   {"media", playhead.media.value},
                   {"rate_permille", playhead.rate.permille},
                   {"playing", playhead.playing}});
}
Json json(const Motion& motion) {
    return object({{"current", json(motion.current)}, {"pending", motion.pending ? json(*motion.pending) : null()}});
}
Json json(const Media& media) {
    return object({{"instance", media.instance.value},
                   {"kind", string(name(media.kind))},
                   {"url", string(media.url)},
                   {"title", string(media.title)},
                   {"duration_us", media.duration}});
}
Json json(const RoomInfo& info) { return object({{"title", string(info.title)}, {"listed", info.listed}}); }
Json json(const ViewerRow& row) {
    return object(
        {{"id", row.id.value}, {"name", string(row.name)}, {"roles", row.roles}, {"connected", row.connected}});
}
Json json(const Value& value) {
    if (const auto* flag = value.get_if<bool>()) return *flag;
    if (const auto* integer = value.get_if<std::int64_t>()) return *integer;
    if (const auto* number = value.get_if<double>()) return Json(shortest(*number));
    if (const auto* text = value.get_if<std::string>()) return string(*text);
    if (const auto* list = value.get_if<Value::List>()) {
        return array(*list, [](const Value& item) { return json(item); });
    }
    if (const auto* map = value.get_if<Value::Map>()) {
        std::string members;
        for (const Value::Entry& entry : *map) {
            members += (members.empty() ? "" : ", ") + quoted(entry.key) + ": " + json(entry.value).text();
        }
        return Json("{" + members + "}");
    }
    return null();
}
Json json(const EntryKey& key) {
    if (const auto* integer = std::get_if<std::int64_t>(&key)) return *integer;
    if (const auto* text = std::get_if<std::string>(&key)) return string(*text);
    return null();
}
Json json(const SharedEntry& entry) {
    return object({{"plugin", string(entry.table.plugin)},
                   {"field", string(entry.table.field)},
                   {"key", json(entry.key)},
                   {"value", entry.value ? json(*entry.value) : null()}});
}
Json json(const RoomFields& fields) {
    return object({{"info", fields.info ? json(*fields.info) : null()},
                   {"media", fields.media ? json(*fields.media) : null()},
                   {"motion", fields.motion ? json(*fields.motion) : null()},
                   {"viewer_count", optional(fields.viewer_count)},
                   {"viewers", array(fields.viewers, [](const ViewerRow& row) { return json(row); })},
                   {"removed_viewers", array(fields.removed_viewers, [](ViewerId id) { return Json(id.value); })},
                   {"shared", array(fields.shared, [](const SharedEntry& entry) { return json(entry); })}});
}

Json json(const Play&) { return object({{"type", string("Play")}}); }
Json json(const Pause&) { return object({{"type", string("Pause")}}); }
Json json(const Seek& seek) { return object({{"type", string("Seek")}, {"position_us", seek.to}}); }
Json json(const SetRate& rate) { return object({{"type", string("SetRate")}, {"rate_permille", rate.rate.permille}}); }
Json json(const Load& load) {
    return object({{"type", string("Load")},
                   {"kind", string(name(load.kind))},
                   {"url", string(load.url)},
                   {"title", string(load.title)},
                   {"position_us", load.start},
                   {"play", load.play}});
}
Json json(const SetName& set_name) { return object({{"type", string("SetName")}, {"name", string(set_name.name)}}); }

Json json(const PluginCommand& command) {
    return object({{"type", string("PluginCommand")},
                   {"plugin", string(command.plugin)},
                   {"name", string(command.name)},
                   {"args", json(command.args)}});
}

Json json(const Hello& hello) {
    return object({{"type", string("Hello")},
                   {"protocol_min", hello.protocol_min},
                   {"protocol_max", hello.protocol_max},
                   {"room", string(hello.room)},
                   {"join_token", string(hello.join_token)},
                   {"resume_token", string(hello.resume_token)},
                   {"name", string(hello.name)},
                   {"have_epoch", hello.have_epoch.value},
                   {"have_version", hello.have_version.value},
                   {"client", string(hello.client)},
                   {"device", string(hello.device)}});
}
Json json(const ClientCommand& command) {
    return object({{"type", string("Command")},
                   {"seq", command.sequence},
                   {"media", command.media.value},
                   {"issued_at_us", command.issued_at},
                   {"issued_logical", command.issued_logical},
                   {"position_us", command.position_seen.value_or(-1us)},
                   {"action", std::visit([](const auto& action) { return json(action); }, command.action)}});
}
Json json(const Ping& ping) { return object({{"type", string("Ping")}, {"t0_us", ping.t0_us}}); }
Json json(const Report& report) {
    return object({{"type", string("Report")},
                   {"version", report.version.value},
                   {"media", report.media.value},
                   {"drift_us", report.drift},
                   {"delay_us", report.delay},
                   {"clock_error_us", report.clock_error},
                   {"buffer_ms", report.buffer_ms},
                   {"duration_us", report.duration},
                   {"flags", report.flags}});
}
Json json(const Resync& resync) {
    return object({{"type", string("Resync")},
                   {"version", resync.version.value},
                   {"state_hash", resync.state_hash},
                   {"mismatch", resync.mismatch}});
}
Json json(const Bye&) { return object({{"type", string("Bye")}}); }
Json json(const ClientSignal& signal) {
    return object({{"type", string("Signal")},
                   {"plugin", string(signal.plugin)},
                   {"name", string(signal.name)},
                   {"args", json(signal.args)}});
}
Json json(const Ack& ack) {
    return object({{"type", string("Ack")}, {"epoch", ack.epoch.value}, {"version", ack.version.value}});
}

Json json(const Welcome& welcome) {
    return object({{"type", string("Welcome")},
                   {"protocol", welcome.protocol},
                   {"room", string(welcome.room)},
                   {"viewer", welcome.viewer.value},
                   {"resume_token", string(welcome.resume_token)},
                   {"resumed", welcome.resumed},
                   {"clock_id", string(std::to_string(welcome.clock_id))},
                   {"tick_us", welcome.tick_length},
                   {"server_time_us", welcome.server_time},
                   {"report_interval_ms", welcome.report_interval_ms},
                   {"ping_interval_ms", welcome.ping_interval_ms},
                   {"commands_per_s", welcome.commands_per_s},
                   {"command_burst", welcome.command_burst},
                   {"roles", welcome.roles}});
}
Json json(const Snapshot& snapshot) {
    return object({{"type", string("Snapshot")},
                   {"epoch", snapshot.epoch.value},
                   {"version", snapshot.version.value},
                   {"tick", snapshot.tick.number},
                   {"state_hash", snapshot.state_hash},
                   {"fields", json(snapshot.fields)}});
}
Json json(const Delta& delta) {
    return object({{"type", string("Delta")},
                   {"epoch", delta.epoch.value},
                   {"base", delta.base.value},
                   {"version", delta.version.value},
                   {"tick", delta.tick.number},
                   {"state_hash", delta.state_hash},
                   {"sent_at_us", delta.sent_at.value_or(ServerTime{})},
                   {"fields", json(delta.fields)}});
}
Json json(const Pong& pong) {
    return object({{"type", string("Pong")}, {"t0_us", pong.t0_us}, {"t1_us", pong.t1}, {"t2_us", pong.t2}});
}
Json json(const Reply& reply) {
    return object({{"type", string("Reply")},
                   {"seq", reply.sequence},
                   {"verdict", string(name(reply.verdict))},
                   {"code", string(name_of(reply.error.code))},
                   {"message", string(reply.error.message)},
                   {"retry_ms", reply.error.retry_ms},
                   {"tick", reply.tick.number},
                   {"version", reply.version.value},
                   {"plugin", string(reply.plugin)},
                   {"reason", string(reply.reason)},
                   {"data", json(reply.data)}});
}
Json json(const Event& event) {
    return object({{"type", string("Event")},
                   {"kind", string(name(event.kind))},
                   {"viewer", event.viewer.value},
                   {"tick", event.tick.number},
                   {"position_us", event.position}});
}
Json json(const PluginEvent& event) {
    return object({{"type", string("PluginEvent")},
                   {"plugin", string(event.plugin)},
                   {"name", string(event.name)},
                   {"tick", event.tick.number},
                   {"data", json(event.data)}});
}
Json json(const Goodbye& goodbye) {
    return object({{"type", string("Goodbye")},
                   {"code", string(name_of(goodbye.error.code))},
                   {"message", string(goodbye.error.message)},
                   {"resumable", goodbye.resumable},
                   {"retry_ms", goodbye.error.retry_ms}});
}
Json json(const Telemetry& figure) {
    return object({{"viewer", figure.viewer.value},
                   {"drift_us", figure.drift},
                   {"delay_ms", figure.delay_ms},
                   {"buffer_ms", figure.buffer_ms},
                   {"flags", figure.flags}});
}
Json json(const DriftDistribution& drift) {
    return object({{"reporting", drift.reporting},
                   {"p50_us", drift.p50},
                   {"p95_us", drift.p95},
                   {"max_us", drift.max},
                   {"stalled", drift.stalled},
                   {"away", drift.away}});
}
Json json(const Beacon& beacon) {
    return object({{"type", string("Beacon")},
                   {"server_time_us", beacon.server_time},
                   {"tick", beacon.tick.number},
                   {"version", beacon.version.value},
                   {"state_hash", beacon.state_hash},
                   {"fresh", beacon.fresh},
                   {"telemetry", array(beacon.telemetry, [](const Telemetry& figure) { return json(figure); })},
                   {"distribution", beacon.distribution ? json(*beacon.distribution) : null()}});
}

Json json(const ClientMessage& message) {
    return std::visit([](const auto& kind) { return json(kind); }, message);
}
Json json(const ServerMessage& message) {
    return std::visit([](const auto& kind) { return json(kind); }, message);
}

Json hex(ByteView bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const std::byte byte : bytes) {
        text += digits[std::to_integer<unsigned>(byte) >> 4];
        text += digits[std::to_integer<unsigned>(byte) & 0xF];
    }
    return string(text);
}

} // namespace playhead::test
