#include "replication/encode.hpp"

#include "replication/value_codec.hpp"
#include "schemas/client_generated.h"
#include "schemas/server_generated.h"

#include <flatbuffers/flatbuffers.h>

#include <algorithm>
#include <concepts>
#include <limits>
#include <utility>

namespace playhead {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;
template <class T>
using Offset = flatbuffers::Offset<T>;

// Its memory is kept from message to message; what it built is valid until the next one on this thread.
Builder& cleared_builder() {
    thread_local Builder builder{4096};
    builder.Clear();
    return builder;
}

ByteView finished(Builder& builder) { return std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())); }

template <std::integral To>
To saturated(std::int64_t value) {
    return static_cast<To>(
        std::clamp<std::int64_t>(value, std::numeric_limits<To>::min(), std::numeric_limits<To>::max()));
}

std::int64_t us(ServerTime time) { return time.time_since_epoch().count(); }

// An empty string is the default: it is left out.
Offset<flatbuffers::String> text(Builder& builder, const std::string& value) {
    return value.empty() ? Offset<flatbuffers::String>{} : builder.CreateString(value);
}

// What is nil is left out.
Offset<flatbuffers::Vector<std::uint8_t>> flex(Builder& builder, const Value& value) {
    if (value.is_nil()) return {};
    const ByteView bytes = encode_value(value);
    return builder.CreateVector(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

template <class Wire, class Ours>
Wire same(Ours value) {
    return static_cast<Wire>(std::to_underlying(value));
}

// ---- client to engine

using WireAction = std::pair<wire::Action, Offset<void>>;

WireAction write(Builder& builder, const Play&) { return {wire::Action::Play, wire::CreatePlay(builder).Union()}; }
WireAction write(Builder& builder, const Pause&) { return {wire::Action::Pause, wire::CreatePause(builder).Union()}; }
WireAction write(Builder& builder, const Seek& seek) {
    return {wire::Action::Seek, wire::CreateSeek(builder, seek.to.count()).Union()};
}
WireAction write(Builder& builder, const SetRate& set_rate) {
    return {wire::Action::SetRate, wire::CreateSetRate(builder, set_rate.rate.permille).Union()};
}
WireAction write(Builder& builder, const Load& load) {
    const auto url = text(builder, load.url);
    const auto title = text(builder, load.title);
    return {
        wire::Action::Load,
        wire::CreateLoad(builder, same<wire::MediaKind>(load.kind), url, title, load.start.count(), load.play).Union()};
}
WireAction write(Builder& builder, const SetName& set_name) {
    const auto name = text(builder, set_name.name);
    return {wire::Action::SetName, wire::CreateSetName(builder, name).Union()};
}

WireAction write(Builder& builder, const PluginCommand& command) {
    const auto plugin = text(builder, command.plugin);
    const auto name = text(builder, command.name);
    const auto args = flex(builder, command.args);
    return {wire::Action::PluginCommand, wire::CreatePluginCommand(builder, plugin, name, args).Union()};
}

using WireClient = std::pair<wire::ClientMessage, Offset<void>>;

WireClient write(Builder& builder, const Hello& hello) {
    const auto room = text(builder, hello.room);
    const auto join_token = text(builder, hello.join_token);
    const auto resume_token = text(builder, hello.resume_token);
    const auto name = text(builder, hello.name);
    const auto client = text(builder, hello.client);
    const auto device = text(builder, hello.device);
    return {wire::ClientMessage::Hello,
            wire::CreateHello(builder, hello.protocol_min, hello.protocol_max, room, join_token, resume_token, name,
                              hello.have_epoch.value, hello.have_version.value, client, device)
                .Union()};
}
WireClient write(Builder& builder, const ClientCommand& command) {
    const auto [type, action] = std::visit([&](const auto& value) { return write(builder, value); }, command.action);
    const std::int64_t position_us = command.position_seen ? command.position_seen->count() : -1;
    return {wire::ClientMessage::Command,
            wire::CreateCommand(builder, command.sequence, command.media.value, us(command.issued_at),
                                command.issued_logical, position_us, type, action)
                .Union()};
}
WireClient write(Builder& builder, const Ping& ping) {
    return {wire::ClientMessage::Ping, wire::CreatePing(builder, ping.t0_us).Union()};
}
WireClient write(Builder& builder, const Report& report) {
    return {wire::ClientMessage::Report, wire::CreateReport(builder, report.version.value, report.media.value,
                                                            saturated<std::int32_t>(report.drift.count()),
                                                            saturated<std::uint32_t>(report.delay.count()),
                                                            saturated<std::uint32_t>(report.clock_error.count()),
                                                            report.buffer_ms, report.duration.count(), report.flags)
                                             .Union()};
}
WireClient write(Builder& builder, const Resync& resync) {
    return {wire::ClientMessage::Resync,
            wire::CreateResync(builder, resync.version.value, resync.state_hash, resync.mismatch).Union()};
}
WireClient write(Builder& builder, const Bye&) { return {wire::ClientMessage::Bye, wire::CreateBye(builder).Union()}; }
WireClient write(Builder& builder, const ClientSignal& signal) {
    const auto plugin = text(builder, signal.plugin);
    const auto name = text(builder, signal.name);
    const auto args = flex(builder, signal.args);
    return {wire::ClientMessage::Signal, wire::CreateSignal(builder, plugin, name, args).Union()};
}
WireClient write(Builder& builder, const Ack& ack) {
    return {wire::ClientMessage::Ack, wire::CreateAck(builder, ack.epoch.value, ack.version.value).Union()};
}

// ---- engine to client

wire::Playhead to_wire(const Playhead& playhead) {
    return {playhead.anchor_position.count(), playhead.anchor_tick.number, playhead.media.value,
            saturated<std::uint16_t>(playhead.rate.permille), playhead.playing};
}

Offset<wire::Motion> write(Builder& builder, const Motion& motion) {
    const wire::Playhead current = to_wire(motion.current);
    const wire::Playhead pending = to_wire(motion.pending.value_or(Playhead{}));
    return wire::CreateMotion(builder, &current, motion.pending ? &pending : nullptr);
}

Offset<wire::Media> write(Builder& builder, const Media& media) {
    const auto url = text(builder, media.url);
    const auto title = text(builder, media.title);
    return wire::CreateMedia(builder, media.instance.value, same<wire::MediaKind>(media.kind), url, title,
                             media.duration.count());
}

Offset<wire::RoomInfo> write(Builder& builder, const RoomInfo& info) {
    const auto title = text(builder, info.title);
    return wire::CreateRoomInfo(builder, title, info.listed);
}

Offset<wire::ViewerRow> write(Builder& builder, const ViewerRow& row) {
    const auto name = text(builder, row.name);
    return wire::CreateViewerRow(builder, row.id.value, name, row.roles, row.connected);
}

using WireEntries = Offset<flatbuffers::Vector<Offset<wire::SharedEntry>>>;

// Entries come table by table: its names are written once for all of them.
WireEntries write(Builder& builder, const std::vector<SharedEntry>& entries) {
    if (entries.empty()) return {};
    std::vector<Offset<wire::SharedEntry>> written;
    written.reserve(entries.size());
    Offset<flatbuffers::String> plugin;
    Offset<flatbuffers::String> field;
    const SharedEntry* before = nullptr;
    for (const SharedEntry& entry : entries) {
        if (before == nullptr || before->table.plugin != entry.table.plugin) plugin = text(builder, entry.table.plugin);
        if (before == nullptr || before->table.field != entry.table.field) field = text(builder, entry.table.field);
        before = &entry;
        const auto* integer = std::get_if<std::int64_t>(&entry.key);
        const auto* name = std::get_if<std::string>(&entry.key);
        const auto key_int =
            integer != nullptr ? flatbuffers::Optional<std::int64_t>(*integer) : flatbuffers::Optional<std::int64_t>();
        const auto key_text = name != nullptr ? builder.CreateString(*name) : Offset<flatbuffers::String>{};
        const auto value = entry.value ? flex(builder, *entry.value) : Offset<flatbuffers::Vector<std::uint8_t>>{};
        written.push_back(wire::CreateSharedEntry(builder, plugin, field, key_int, key_text, value));
    }
    return builder.CreateVector(written);
}

Offset<wire::RoomFields> write(Builder& builder, const RoomFields& fields) {
    Offset<flatbuffers::Vector<Offset<wire::ViewerRow>>> viewers;
    Offset<flatbuffers::Vector<std::uint32_t>> removed;
    if (!fields.viewers.empty()) {
        std::vector<Offset<wire::ViewerRow>> rows;
        rows.reserve(fields.viewers.size());
        for (const ViewerRow& row : fields.viewers) rows.push_back(write(builder, row));
        viewers = builder.CreateVector(rows);
    }
    if (!fields.removed_viewers.empty()) {
        std::vector<std::uint32_t> ids;
        ids.reserve(fields.removed_viewers.size());
        for (const ViewerId viewer : fields.removed_viewers) ids.push_back(viewer.value);
        removed = builder.CreateVector(ids);
    }
    const auto info = fields.info ? write(builder, *fields.info) : Offset<wire::RoomInfo>{};
    const auto media = fields.media ? write(builder, *fields.media) : Offset<wire::Media>{};
    const auto motion = fields.motion ? write(builder, *fields.motion) : Offset<wire::Motion>{};
    const auto shared = write(builder, fields.shared);
    return wire::CreateRoomFields(builder, info, media, motion, fields.viewer_count, viewers, removed, shared);
}

using WireServer = std::pair<wire::ServerMessage, Offset<void>>;

WireServer write(Builder& builder, const Welcome& welcome) {
    const auto room = text(builder, welcome.room);
    const auto resume_token = text(builder, welcome.resume_token);
    return {wire::ServerMessage::Welcome,
            wire::CreateWelcome(builder, welcome.protocol, room, welcome.viewer.value, resume_token, welcome.resumed,
                                welcome.clock_id, saturated<std::uint32_t>(welcome.tick_length.count()),
                                us(welcome.server_time), welcome.report_interval_ms, welcome.ping_interval_ms,
                                welcome.commands_per_s, welcome.command_burst, welcome.roles)
                .Union()};
}
WireServer write(Builder& builder, const Snapshot& snapshot) {
    const auto fields = write(builder, snapshot.fields);
    return {wire::ServerMessage::Snapshot, wire::CreateSnapshot(builder, snapshot.epoch.value, snapshot.version.value,
                                                                snapshot.tick.number, snapshot.state_hash, fields)
                                               .Union()};
}
WireServer write(Builder& builder, const Delta& delta) {
    const auto fields = write(builder, delta.fields);
    return {wire::ServerMessage::Delta,
            wire::CreateDelta(builder, delta.epoch.value, delta.base.value, delta.version.value, delta.tick.number,
                              delta.state_hash, delta.sent_at ? us(*delta.sent_at) : 0, fields)
                .Union()};
}
WireServer write(Builder& builder, const Pong& pong) {
    return {wire::ServerMessage::Pong, wire::CreatePong(builder, pong.t0_us, us(pong.t1), us(pong.t2)).Union()};
}
WireServer write(Builder& builder, const Reply& reply) {
    const auto message = text(builder, reply.error.message);
    const auto plugin = text(builder, reply.plugin);
    const auto reason = text(builder, reply.reason);
    const auto data = flex(builder, reply.data);
    return {wire::ServerMessage::Reply,
            wire::CreateReply(builder, reply.sequence, same<wire::Verdict>(reply.verdict),
                              same<wire::ErrorCode>(reply.error.code), message, reply.error.retry_ms, reply.tick.number,
                              reply.version.value, plugin, reason, data)
                .Union()};
}
WireServer write(Builder& builder, const Event& event) {
    return {wire::ServerMessage::Event, wire::CreateEvent(builder, same<wire::EventKind>(event.kind),
                                                          event.viewer.value, event.tick.number, event.position.count())
                                            .Union()};
}
WireServer write(Builder& builder, const PluginEvent& event) {
    const auto plugin = text(builder, event.plugin);
    const auto name = text(builder, event.name);
    const auto data = flex(builder, event.data);
    return {wire::ServerMessage::PluginEvent,
            wire::CreatePluginEvent(builder, plugin, name, event.tick.number, data).Union()};
}
WireServer write(Builder& builder, const Goodbye& goodbye) {
    const auto message = text(builder, goodbye.error.message);
    return {wire::ServerMessage::Goodbye, wire::CreateGoodbye(builder, same<wire::ErrorCode>(goodbye.error.code),
                                                              message, goodbye.resumable, goodbye.error.retry_ms)
                                              .Union()};
}

void finish_frame(Builder& builder, const Beacon& beacon) {
    Offset<flatbuffers::Vector<const wire::Telemetry*>> telemetry;
    if (!beacon.telemetry.empty()) {
        std::vector<wire::Telemetry> figures;
        figures.reserve(beacon.telemetry.size());
        for (const Telemetry& figure : beacon.telemetry) {
            figures.emplace_back(figure.viewer.value, saturated<std::int32_t>(figure.drift.count()), figure.delay_ms,
                                 figure.buffer_ms, figure.flags);
        }
        telemetry = builder.CreateVectorOfStructs(figures);
    }
    Offset<wire::DriftDistribution> distribution;
    if (const auto& drift = beacon.distribution) {
        distribution =
            wire::CreateDriftDistribution(builder, drift->reporting, saturated<std::uint32_t>(drift->p50.count()),
                                          saturated<std::uint32_t>(drift->p95.count()),
                                          saturated<std::uint32_t>(drift->max.count()), drift->stalled, drift->away);
    }
    const wire::Beacon head{us(beacon.server_time), beacon.tick.number, beacon.version.value, beacon.state_hash,
                            beacon.fresh};
    builder.Finish(wire::CreateServerFrame(builder, &head, telemetry, distribution));
}

template <class Message>
void finish_frame(Builder& builder, const Message& message) {
    const auto [type, body] = write(builder, message);
    builder.Finish(wire::CreateServerFrame(builder, nullptr, 0, 0, type, body));
}

// What is told once and matters later must arrive; what the next of its kind replaces need not.
Delivery delivery_of(const ServerMessage& message) {
    if (std::holds_alternative<Delta>(message)) return Delivery::sequenced;
    if (std::holds_alternative<Beacon>(message) || std::holds_alternative<Pong>(message)) return Delivery::lossy;
    const auto* event = std::get_if<PluginEvent>(&message);
    return event != nullptr && event->lossy ? Delivery::lossy : Delivery::reliable;
}

} // namespace

Frame encode(const ServerMessage& message) {
    Builder& builder = cleared_builder();
    std::visit([&](const auto& value) { finish_frame(builder, value); }, message);
    return Frame(finished(builder), delivery_of(message));
}

Bytes encode(const ClientMessage& message) {
    Builder& builder = cleared_builder();
    const auto [type, body] = std::visit([&](const auto& value) { return write(builder, value); }, message);
    builder.Finish(wire::CreateClientFrame(builder, type, body));
    const ByteView bytes = finished(builder);
    return {bytes.begin(), bytes.end()};
}

} // namespace playhead
