#include "replication/checker.hpp"
#include "replication/decode.hpp"
#include "schemas/server_generated.h"

#include <flatbuffers/flatbuffers.h>

#include <algorithm>

namespace playhead {
namespace {

// The deepest is frame, snapshot, fields, viewer row; the most tables come from a full roster and what plugins share.
constexpr std::size_t shared_entries_max =
    SharedState::bytes_max / SharedState::entry_bytes_min + SharedState::tombstones_max;
constexpr flatbuffers::uoffset_t depth_max = 16;
constexpr flatbuffers::uoffset_t tables_max = 4 * 1024;
static_assert(tables_max > Roster::rows_max + shared_entries_max + 16);

std::unexpected<Error> refused(ErrorCode code, std::string message) {
    return std::unexpected(Error{.code = code, .message = std::move(message)});
}

ServerTime server_time(Checker& check, std::int64_t value_us) {
    return ServerTime{check.time(value_us, "a server time in us")};
}

Playhead read(Checker& check, const wire::Playhead& playhead) {
    return {.media = MediaInstance{playhead.media()},
            .anchor_position = check.time(playhead.anchor_position_us(), "a position in us"),
            .anchor_tick = Tick{playhead.anchor_tick()},
            .rate = Rate{check.within<std::int32_t>(playhead.rate_permille(), Rate::permille_min, Rate::permille_max,
                                                    "a rate in thousandths")},
            .playing = playhead.playing()};
}

std::optional<Motion> read(Checker& check, const wire::Motion* motion) {
    if (motion == nullptr) return std::nullopt;
    if (motion->current() == nullptr) {
        check.require(false, "a motion has a current playhead");
        return std::nullopt;
    }
    Motion value{.current = read(check, *motion->current()), .pending = {}};
    if (motion->pending() != nullptr) value.pending = read(check, *motion->pending());
    return value;
}

std::optional<Media> read(Checker& check, const wire::Media* media) {
    if (media == nullptr) return std::nullopt;
    return Media{.instance = MediaInstance{media->instance()},
                 .kind = check.enumerator<MediaKind>(media->kind(), wire::MediaKind::MAX, "media kind"),
                 .url = check.text(media->url(), "a media address", Load::url_bytes_max),
                 .title = check.text(media->title(), "a title", Load::title_bytes_max),
                 .duration = check.time(media->duration_us(), "a duration in us")};
}

std::optional<RoomInfo> read(Checker& check, const wire::RoomInfo* info) {
    if (info == nullptr) return std::nullopt;
    return RoomInfo{.title = check.text(info->title(), "a title", RoomInfo::title_bytes_max), .listed = info->listed()};
}

ViewerRow read(Checker& check, const wire::ViewerRow& row) {
    check.require(row.id() != 0, "viewer 0 is the engine and has no row");
    return {.id = ViewerId{row.id()},
            .name = check.text(row.name(), "a name"),
            .roles = row.roles(),
            .connected = row.connected()};
}

SharedEntry read(Checker& check, const wire::SharedEntry& entry) {
    SharedEntry value{.table = {.plugin = check.text(entry.plugin(), "the name of a plugin", TableName::bytes_max),
                                .field = check.text(entry.field(), "the name of a field", TableName::bytes_max)},
                      .key = {},
                      .value = {}};
    check.require(!value.table.plugin.empty() && !value.table.field.empty(), "a shared entry names plugin and field");
    check.require(!entry.key_int() || entry.key_text() == nullptr, "a shared entry has one key, not two");
    if (entry.key_text() != nullptr) value.key = check.text(entry.key_text(), "a key", SharedState::key_bytes_max);
    if (const auto key = entry.key_int()) value.key = *key;
    if (entry.value() != nullptr) {
        value.value = check.value(entry.value(), "a shared entry");
        check.require(!value.value->is_nil(), "the value of a shared entry is not nil");
    }
    return value;
}

RoomFields read(Checker& check, const wire::RoomFields* fields) {
    RoomFields value;
    if (fields == nullptr) return value;
    value.info = read(check, fields->info());
    value.media = read(check, fields->media());
    value.motion = read(check, fields->motion());
    value.viewer_count = fields->viewer_count();
    if (const auto* rows = fields->viewers()) {
        check.require(rows->size() <= Roster::rows_max, "there are more viewer rows than a roster holds");
        if (rows->size() > Roster::rows_max) return value;
        value.viewers.reserve(rows->size());
        for (const auto* row : *rows) value.viewers.push_back(read(check, *row));
    }
    if (const auto* removed = fields->removed_viewers()) {
        check.require(removed->size() <= Roster::tombstones_max, "more viewers are removed than tombstones are kept");
        if (removed->size() > Roster::tombstones_max) return value;
        value.removed_viewers.reserve(removed->size());
        for (const std::uint32_t viewer : *removed) value.removed_viewers.push_back(ViewerId{viewer});
    }
    if (const auto* entries = fields->shared()) {
        value.shared.reserve(entries->size());
        for (const auto* entry : *entries) value.shared.push_back(read(check, *entry));
    }
    return value;
}

Result<ServerMessage> read(const wire::Welcome& welcome) {
    Checker check;
    Welcome value;
    value.protocol = welcome.protocol();
    value.room = check.text(welcome.room(), "a room id", RoomId::length_max);
    value.viewer = ViewerId{welcome.viewer()};
    value.resume_token = check.text(welcome.resume_token(), "a resume token", Hello::token_bytes_max);
    value.resumed = welcome.resumed();
    value.clock_id = welcome.clock_id();
    value.tick_length = Microseconds{welcome.tick_us()};
    check.require(value.viewer != ViewerId{0}, "viewer 0 is the engine");
    check.require(value.tick_length > Microseconds{0}, "a tick lasts longer than 0 us");
    value.server_time = server_time(check, welcome.server_time_us());
    value.report_interval_ms = welcome.report_interval_ms();
    value.ping_interval_ms = welcome.ping_interval_ms();
    value.commands_per_s = welcome.commands_per_s();
    value.command_burst = welcome.command_burst();
    value.roles = welcome.roles();
    return check.finish(ServerMessage{std::move(value)});
}

Result<ServerMessage> read(const wire::Snapshot& snapshot) {
    Checker check;
    Snapshot value{.epoch = Epoch{snapshot.epoch()},
                   .version = Version{snapshot.version()},
                   .tick = Tick{snapshot.tick()},
                   .state_hash = snapshot.state_hash(),
                   .fields = read(check, snapshot.fields())};
    const RoomFields& fields = value.fields;
    check.require(fields.info && fields.media && fields.motion && fields.viewer_count,
                  "a snapshot has every field: info, media, motion and viewer_count");
    check.require(fields.removed_viewers.empty(), "a snapshot removes nobody");
    check.require(std::ranges::all_of(fields.shared, [](const SharedEntry& entry) { return entry.value.has_value(); }),
                  "a snapshot removes no entry");
    return check.finish(ServerMessage{std::move(value)});
}

Result<ServerMessage> read(const wire::Delta& delta) {
    Checker check;
    Delta value{.epoch = Epoch{delta.epoch()},
                .base = Version{delta.base()},
                .version = Version{delta.version()},
                .tick = Tick{delta.tick()},
                .state_hash = delta.state_hash(),
                .sent_at = {},
                .fields = read(check, delta.fields())};
    check.require(value.base <= value.version, "the base of a delta is not newer than its version");
    if (delta.sent_at_us() != 0) value.sent_at = server_time(check, delta.sent_at_us());
    return check.finish(ServerMessage{std::move(value)});
}

Result<ServerMessage> read(const wire::Pong& pong) {
    Checker check;
    Pong value{.t0_us = pong.t0_us(), .t1 = server_time(check, pong.t1_us()), .t2 = server_time(check, pong.t2_us())};
    return check.finish(ServerMessage{value});
}

Error read_error(Checker& check, wire::ErrorCode code, const flatbuffers::String* message, std::uint32_t retry_ms) {
    return {.code = check.enumerator<ErrorCode>(code, wire::ErrorCode::MAX, "error code"),
            .message = check.text(message, "a reason"),
            .retry_ms = retry_ms};
}

Result<ServerMessage> read(const wire::Reply& reply) {
    Checker check;
    Reply value;
    value.sequence = reply.seq();
    value.verdict = check.enumerator<Verdict>(reply.verdict(), wire::Verdict::MAX, "verdict");
    value.error = read_error(check, reply.code(), reply.message(), reply.retry_ms());
    value.tick = Tick{reply.tick()};
    value.version = Version{reply.version()};
    value.plugin = check.text(reply.plugin(), "the name of a plugin", PluginCommand::name_bytes_max);
    value.reason = check.text(reply.reason(), "a reason");
    value.data = check.value(reply.data(), "the data of a reply");
    return check.finish(ServerMessage{std::move(value)});
}

Result<ServerMessage> read(const wire::Event& event) {
    Checker check;
    Event value{.kind = check.enumerator<EventKind>(event.kind(), wire::EventKind::MAX, "event"),
                .viewer = ViewerId{event.viewer()},
                .tick = Tick{event.tick()},
                .position = check.time(event.position_us(), "a position in us")};
    check.require(value.kind != EventKind::none, "an event says what happened");
    return check.finish(ServerMessage{value});
}

Result<ServerMessage> read(const wire::PluginEvent& event) {
    Checker check;
    PluginEvent value{.plugin = check.text(event.plugin(), "the name of a plugin", PluginCommand::name_bytes_max),
                      .name = check.text(event.name(), "the name of an event", PluginCommand::name_bytes_max),
                      .tick = Tick{event.tick()},
                      .data = check.value(event.data(), "the data of an event")};
    return check.finish(ServerMessage{std::move(value)});
}

Result<ServerMessage> read(const wire::Goodbye& goodbye) {
    Checker check;
    Goodbye value{.error = read_error(check, goodbye.code(), goodbye.message(), goodbye.retry_ms()),
                  .resumable = goodbye.resumable()};
    return check.finish(ServerMessage{std::move(value)});
}

Result<ServerMessage> read_beacon(const wire::ServerFrame& frame) {
    Checker check;
    const wire::Beacon& beacon = *frame.beacon();
    check.require(frame.message_type() == wire::ServerMessage::NONE, "a frame is either a beacon or one message");
    Beacon value;
    value.server_time = server_time(check, beacon.server_time_us());
    value.tick = Tick{beacon.tick()};
    value.version = Version{beacon.version()};
    value.state_hash = beacon.state_hash();
    value.fresh = beacon.fresh();
    if (const auto* telemetry = frame.telemetry()) {
        value.telemetry.reserve(telemetry->size());
        for (const auto* figure : *telemetry) {
            value.telemetry.push_back({.viewer = ViewerId{figure->viewer()},
                                       .drift = Microseconds{figure->drift_us()},
                                       .delay_ms = figure->delay_ms(),
                                       .buffer_ms = figure->buffer_ms(),
                                       .flags = figure->flags()});
        }
    }
    if (const auto* drift = frame.distribution()) {
        value.distribution = DriftDistribution{.reporting = drift->reporting(),
                                               .p50 = Microseconds{drift->p50_us()},
                                               .p95 = Microseconds{drift->p95_us()},
                                               .max = Microseconds{drift->max_us()},
                                               .stalled = drift->stalled(),
                                               .away = drift->away()};
    }
    return check.finish(ServerMessage{std::move(value)});
}

Result<ServerMessage> read(const wire::ServerFrame& frame) {
    if (frame.beacon() != nullptr) return read_beacon(frame);
    if (const auto* welcome = frame.message_as_Welcome()) return read(*welcome);
    if (const auto* snapshot = frame.message_as_Snapshot()) return read(*snapshot);
    if (const auto* delta = frame.message_as_Delta()) return read(*delta);
    if (const auto* pong = frame.message_as_Pong()) return read(*pong);
    if (const auto* reply = frame.message_as_Reply()) return read(*reply);
    if (const auto* event = frame.message_as_Event()) return read(*event);
    if (const auto* goodbye = frame.message_as_Goodbye()) return read(*goodbye);
    if (const auto* event = frame.message_as_PluginEvent()) return read(*event);
    return refused(ErrorCode::malformed, "a frame carries a beacon or one message, not message " +
                                             std::to_string(std::to_underlying(frame.message_type())));
}

} // namespace

Result<ServerMessage> decode_server(ByteView bytes) {
    if (bytes.size() > server_message_bytes_max) {
        return refused(ErrorCode::too_large, "a message has at most " + std::to_string(server_message_bytes_max) +
                                                 " bytes, not " + std::to_string(bytes.size()));
    }
    thread_local std::vector<std::uint64_t> storage;
    const ByteView view = aligned(bytes, storage);
    const auto* data = reinterpret_cast<const std::uint8_t*>(view.data());
    flatbuffers::Verifier verifier(data, view.size(), depth_max, tables_max);
    if (view.empty() || !verifier.VerifyBuffer<wire::ServerFrame>(nullptr)) {
        return refused(ErrorCode::malformed, "a message is one ServerFrame of schemas/server.fbs; these bytes are not");
    }
    return read(*flatbuffers::GetRoot<wire::ServerFrame>(data));
}

} // namespace playhead
