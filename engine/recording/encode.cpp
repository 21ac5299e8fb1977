#include "replication/encode.hpp"

#include "core/hash.hpp"
#include "recording/record.hpp"
#include "replication/baseline.hpp"
#include "replication/value_codec.hpp"
#include "schemas/recording_generated.h"

#include <flatbuffers/flatbuffers.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace playhead::recording {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;
template <class T>
using Offset = flatbuffers::Offset<T>;
template <class T>
using Offsets = Offset<flatbuffers::Vector<Offset<T>>>;
using WireBytes = Offset<flatbuffers::Vector<std::uint8_t>>;

Offset<flatbuffers::String> text(Builder& builder, const std::string& value) {
    return value.empty() ? Offset<flatbuffers::String>{} : builder.CreateString(value);
}

WireBytes bytes(Builder& builder, ByteView view) {
    return builder.CreateVector(reinterpret_cast<const std::uint8_t*>(view.data()), view.size());
}

WireBytes flex(Builder& builder, const Value& value) {
    return value.is_nil() ? WireBytes{} : bytes(builder, encode_value(value));
}

std::uint32_t saturated_us(Microseconds time) {
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(time.count(), 0, std::numeric_limits<std::uint32_t>::max()));
}

// A message of the wire inside a record: there is one form of each thing.
WireBytes nested(Builder& builder, const ClientMessage& message) { return bytes(builder, playhead::encode(message)); }
WireBytes nested(Builder& builder, const ServerMessage& message) {
    return bytes(builder, playhead::encode(message).payload());
}

template <class Wire, class Range, class Write>
Offsets<Wire> vector_of(Builder& builder, const Range& range, Write write) {
    if (std::ranges::empty(range)) return {};
    std::vector<Offset<Wire>> offsets;
    offsets.reserve(std::ranges::size(range));
    for (const auto& item : range) offsets.push_back(write(item));
    return builder.CreateVector(offsets);
}

// ---- plugins and what they have

Offsets<recorded::Plugin> write(Builder& builder, const std::vector<RecordedPlugin>& plugins) {
    return vector_of<recorded::Plugin>(builder, plugins, [&](const RecordedPlugin& plugin) {
        const PluginSource& source = plugin.request.source;
        const auto name = text(builder, source.name);
        const auto hash = text(builder, plugin.hash);
        const auto manifest = text(builder, source.manifest);
        const auto code = text(builder, source.code);
        const auto manifest_path = text(builder, source.manifest_path);
        const auto code_path = text(builder, source.code_path);
        const auto settings = flex(builder, plugin.request.settings);
        return recorded::CreatePlugin(builder, name, hash, manifest, code, manifest_path, code_path, settings);
    });
}

Offsets<recorded::DeclaredTable> tables(Builder& builder, const SharedState& state) {
    return vector_of<recorded::DeclaredTable>(builder, state.tables(), [&](const auto& named) {
        const auto plugin = text(builder, named.first.plugin);
        const auto field = text(builder, named.first.field);
        return recorded::CreateDeclaredTable(builder, plugin, field, std::to_underlying(named.second.audience()));
    });
}

// In messages of a bounded size: all entries together may be more than one holds.
Offsets<recorded::Entries> entries(Builder& builder, const SharedState& state) {
    constexpr std::size_t bytes_max = 100 * 1024;
    constexpr std::size_t entries_max = 1000;
    std::vector<Delta> messages;
    std::size_t bytes = bytes_max;
    for (const auto& [name, table] : state.tables()) {
        for (const auto& [key, entry] : table.entries()) {
            bytes += SharedState::bytes_for(key, entry.value());
            if (messages.empty() || bytes > bytes_max || messages.back().fields.shared.size() >= entries_max) {
                messages.emplace_back();
                bytes = 0;
            }
            messages.back().fields.shared.push_back({.table = name, .key = key, .value = entry.value()});
        }
    }
    return vector_of<recorded::Entries>(builder, messages, [&](const Delta& message) {
        return recorded::CreateEntries(builder, nested(builder, ServerMessage{message}));
    });
}

Offset<recorded::PluginState> write(Builder& builder, const PluginState& state) {
    const auto saved = entries(builder, state.saved);
    const auto saved_tables = tables(builder, state.saved);
    const auto last_ids = vector_of<recorded::LastId>(builder, state.last_ids, [&](const auto& last) {
        const auto plugin = text(builder, last.first.plugin);
        const auto field = text(builder, last.first.field);
        return recorded::CreateLastId(builder, plugin, field, last.second);
    });
    const auto timers = vector_of<recorded::Timer>(builder, state.timers.in_order(), [&](const auto& timer) {
        const auto plugin = text(builder, timer.first.plugin);
        const auto name = text(builder, timer.first.name);
        const auto data = flex(builder, timer.second.data);
        return recorded::CreateTimer(builder, plugin, name, timer.second.due.number, data);
    });
    std::vector<Offset<recorded::LiftedRule>> lifted;
    for (const auto& [name, record] : state.records) {
        for (const auto& [permission, rule] : record.lifted_rules) {
            const auto plugin = text(builder, name);
            const auto permission_text = text(builder, permission);
            lifted.push_back(recorded::CreateLiftedRule(builder, plugin, permission_text, flex(builder, rule)));
        }
    }
    const auto lifted_rules = lifted.empty() ? Offsets<recorded::LiftedRule>{} : builder.CreateVector(lifted);
    const auto& words = state.chance.words();
    const auto chance = builder.CreateVector(words.data(), words.size());
    recorded::PluginStateBuilder table{builder};
    table.add_saved(saved);
    table.add_saved_tables(saved_tables);
    table.add_last_ids(last_ids);
    table.add_timers(timers);
    table.add_chance(chance);
    if (state.wall) {
        table.add_wall_unix_us(state.wall->unix_us);
        table.add_wall_at(state.wall->at.number);
    }
    if (state.opened) table.add_opened(state.opened->number);
    table.add_lifted_rules(lifted_rules);
    return table.Finish();
}

// ---- the room

recorded::Stamp to_wire(const Stamp& stamp) {
    return {stamp.physical.time_since_epoch().count(), stamp.logical, stamp.viewer.value};
}

Offset<recorded::Member> write(Builder& builder, const Member& member) {
    const auto name = text(builder, member.name);
    const auto answers = vector_of<recorded::Answer>(builder, member.outcomes, [&](const Outcome& outcome) {
        const Reply reply{.sequence = outcome.sequence,
                          .verdict = outcome.verdict,
                          .error = outcome.error,
                          .tick = {},
                          .version = {},
                          .plugin = outcome.plugin,
                          .reason = outcome.reason,
                          .data = outcome.data};
        return recorded::CreateAnswer(builder, nested(builder, ServerMessage{reply}));
    });
    return recorded::CreateMember(builder, member.id.value, name, member.roles, member.connected, member.condition,
                                  member.joined_at.number, member.last_sequence, member.duration_media.value,
                                  member.duration.count(), answers);
}

Offset<recorded::RoomState> write(Builder& builder, const RoomState& state) {
    const Snapshot snapshot{.epoch = state.epoch,
                            .version = state.version,
                            .tick = {},
                            .state_hash = 0,
                            .fields = fields_of(state, Audience::owner)};
    const auto replicated = nested(builder, ServerMessage{snapshot});
    const auto shared_tables = tables(builder, state.shared);
    const auto members = vector_of<recorded::Member>(builder, state.viewers,
                                                     [&](const auto& viewer) { return write(builder, viewer.second); });
    const recorded::Stamp last_motion = to_wire(state.last_motion);
    const recorded::Stamp last_rate = to_wire(state.last_rate);
    return recorded::CreateRoomState(builder, replicated, shared_tables, members, &last_motion, &last_rate,
                                     state.roles_revision, state.duration_open);
}

// ---- calls

using WireCall = std::pair<recorded::Call, Offset<void>>;

WireCall write(Builder& builder, RoomStep step) {
    switch (step) {
    case RoomStep::start: return {recorded::Call::Start, recorded::CreateStart(builder).Union()};
    case RoomStep::wake: return {recorded::Call::Wake, recorded::CreateWake(builder).Union()};
    case RoomStep::restart: return {recorded::Call::Restart, recorded::CreateRestart(builder).Union()};
    case RoomStep::commit: return {recorded::Call::Commit, recorded::CreateCommit(builder).Union()};
    case RoomStep::collect_garbage:
        return {recorded::Call::CollectGarbage, recorded::CreateCollectGarbage(builder).Union()};
    case RoomStep::sleep: break;
    }
    return {recorded::Call::Sleep, recorded::CreateSleep(builder).Union()};
}
WireCall write(Builder& builder, const Advance& advance) {
    return {recorded::Call::Advance, recorded::CreateAdvance(builder, advance.missed).Union()};
}
WireCall write(Builder& builder, const Reload& reload) {
    const auto plugins = write(builder, reload.plugins);
    return {recorded::Call::Reload, recorded::CreateReload(builder, plugins).Union()};
}
WireCall write(Builder& builder, const Join& join) {
    const auto name = text(builder, join.name);
    return {recorded::Call::Join, recorded::CreateJoin(builder, join.viewer.value, name, join.roles).Union()};
}
WireCall write(Builder& builder, const Reconnect& reconnect) {
    return {recorded::Call::Reconnect, recorded::CreateReconnect(builder, reconnect.viewer.value).Union()};
}
WireCall write(Builder& builder, const Disconnect& disconnect) {
    return {recorded::Call::Disconnect, recorded::CreateDisconnect(builder, disconnect.viewer.value).Union()};
}
WireCall write(Builder& builder, const Leave& leave) {
    const auto why = static_cast<recorded::LeaveReason>(std::to_underlying(leave.why));
    return {recorded::Call::Leave, recorded::CreateLeave(builder, leave.viewer.value, why).Union()};
}
WireCall write(Builder& builder, const DurationReport& report) {
    return {recorded::Call::DurationReport,
            recorded::CreateDurationReport(builder, report.viewer.value, report.media.value, report.duration.count())
                .Union()};
}
WireCall write(Builder& builder, const Condition& condition) {
    return {recorded::Call::Condition,
            recorded::CreateCondition(builder, condition.viewer.value, condition.flags).Union()};
}
WireCall write(Builder& builder, const WallTime& wall) {
    return {recorded::Call::WallTime, recorded::CreateWallTime(builder, wall.unix_us).Union()};
}
WireCall write(Builder& builder, const Command& command) {
    const auto message = nested(builder, ClientMessage{ClientCommand{.sequence = command.sequence,
                                                                     .media = command.media,
                                                                     .issued_at = command.issued.physical,
                                                                     .issued_logical = 0,
                                                                     .position_seen = command.position_seen,
                                                                     .action = command.action}});
    const auto plugin = text(builder, command.plugin);
    return {recorded::Call::Command,
            recorded::CreateCommand(builder, message, command.viewer.value, command.issued.viewer.value,
                                    command.issued.logical, plugin, command.due.number)
                .Union()};
}
WireCall write(Builder& builder, const Signal& signal) {
    const auto message =
        nested(builder, ClientMessage{ClientSignal{.plugin = signal.plugin, .name = signal.name, .args = signal.args}});
    return {recorded::Call::Signal, recorded::CreateSignal(builder, message, signal.viewer.value).Union()};
}
WireCall write(Builder& builder, const Input& input) {
    return std::visit([&](const auto& value) { return write(builder, value); }, input);
}

// ---- records

using WireBody = std::pair<recorded::Body, Offset<void>>;

WireBody write(Builder& builder, const Opening& opening) {
    const auto engine = text(builder, opening.engine);
    const auto room = text(builder, opening.room);
    const auto plugins = write(builder, opening.plugins);
    const auto room_state = write(builder, opening.room_state);
    const auto plugin_state = write(builder, opening.plugin_state);
    return {recorded::Body::Opening,
            recorded::CreateOpening(builder, format, engine, room, opening.part, opening.tick.number,
                                    static_cast<std::uint32_t>(opening.tick_length.value.count()), opening.unix_us,
                                    opening.left_out, opening.started, plugins, room_state, plugin_state)
                .Union()};
}

WireBody write(Builder& builder, const Turn& turn) {
    std::vector<recorded::Call> types;
    std::vector<Offset<void>> bodies;
    for (const Call& call : turn.calls) {
        const auto [type, body] = std::visit([&](const auto& value) { return write(builder, value); }, call);
        types.push_back(type);
        bodies.push_back(body);
    }
    std::vector<recorded::CutOff> cut_offs;
    cut_offs.reserve(turn.cut_offs.size());
    for (const CutOff& cut : turn.cut_offs) cut_offs.emplace_back(cut.asked, saturated_us(cut.took));
    const auto wire_types = builder.CreateVector(types);
    const auto wire_bodies = builder.CreateVector(bodies);
    const auto wire_cut_offs = cut_offs.empty() ? Offset<flatbuffers::Vector<const recorded::CutOff*>>{}
                                                : builder.CreateVectorOfStructs(cut_offs);
    const auto update = turn.update ? bytes(builder, turn.update->payload()) : WireBytes{};
    const auto beacon = turn.beacon ? nested(builder, ServerMessage{*turn.beacon}) : WireBytes{};
    const recorded::Lead lead{turn.lead.start.count(), turn.lead.seek.count(), turn.lead.load.count()};
    recorded::TurnBuilder table{builder};
    table.add_tick(turn.tick.number);
    table.add_lead(&lead);
    table.add_calls_type(wire_types);
    table.add_calls(wire_bodies);
    table.add_cut_offs(wire_cut_offs);
    table.add_version(turn.version.value);
    table.add_update(update);
    if (turn.digest) table.add_digest(*turn.digest);
    table.add_took_us(saturated_us(turn.took));
    if (turn.refused) table.add_refused(*turn.refused);
    table.add_beacon(beacon);
    return {recorded::Body::Turn, table.Finish().Union()};
}

WireBody write(Builder& builder, const Closing& closing) {
    const auto why = text(builder, closing.why);
    return {recorded::Body::Closing, recorded::CreateClosing(builder, why).Union()};
}

Builder& cleared_builder() {
    thread_local Builder builder{4096};
    builder.Clear();
    return builder;
}

ByteView finished(Builder& builder) { return std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())); }

} // namespace

std::vector<RecordedPlugin> recorded_plugins(const PluginSet& plugins) {
    std::vector<RecordedPlugin> copies;
    for (const Plugin& plugin : plugins.plugins()) {
        PluginSource source = plugin.source;
        source.test.clear(); // nothing that a room does depends on it
        source.test_path.clear();
        copies.push_back({.request = {.source = std::move(source), .settings = plugin.settings, .settings_path = {}},
                          .hash = plugin.hash});
    }
    return copies;
}

Bytes encode(const Record& record) {
    Builder& builder = cleared_builder();
    const auto [type, body] = std::visit([&](const auto& value) { return write(builder, value); }, record);
    recorded::FinishSizePrefixedRecordBuffer(builder, recorded::CreateRecord(builder, type, body));
    const ByteView bytes = finished(builder);
    return {bytes.begin(), bytes.end()};
}

std::uint64_t digest_of(const RoomState& room, const PluginState& plugins) {
    Builder& builder = cleared_builder();
    const auto room_state = write(builder, room);
    const auto plugin_state = write(builder, plugins);
    recorded::OpeningBuilder table{builder};
    table.add_room_state(room_state);
    table.add_plugin_state(plugin_state);
    builder.Finish(table.Finish());
    return fnv1a64(finished(builder));
}

} // namespace playhead::recording
