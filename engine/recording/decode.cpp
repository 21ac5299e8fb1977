#include "replication/decode.hpp"

#include "recording/record.hpp"
#include "replication/checker.hpp"
#include "schemas/recording_generated.h"

#include <flatbuffers/flatbuffers.h>

#include <algorithm>
#include <array>
#include <utility>

namespace playhead::recording {
namespace {

// The deepest is record, opening, room state, member, answer. The most tables are the members of a wide room with their
// answers, and the calls of a busy tick.
constexpr flatbuffers::uoffset_t depth_max = 16;
constexpr flatbuffers::uoffset_t tables_max = 4'000'000;

std::unexpected<Error> refused(std::string message) {
    return std::unexpected(Error{.code = ErrorCode::malformed, .message = std::move(message)});
}

template <class Wire, class Read>
void for_each(const flatbuffers::Vector<flatbuffers::Offset<Wire>>* items, Read read) {
    if (items == nullptr) return;
    for (const Wire* item : *items) read(*item);
}

// Arithmetic on what is smaller does not overflow.
constexpr std::int64_t number_max = std::int64_t{1} << 52;

std::int64_t unix_time(Checker& check, std::int64_t value_us) {
    return check.within(value_us, -number_max, number_max, "a time of the wall clock");
}

ByteView view_of(const flatbuffers::Vector<std::uint8_t>& bytes) {
    return std::as_bytes(std::span(bytes.data(), bytes.size()));
}

// The message inside, if it is of that kind.
template <class Message>
std::optional<Message> nested(Checker& check, const flatbuffers::Vector<std::uint8_t>* bytes, const char* what) {
    constexpr bool from_client = std::is_same_v<Message, ClientCommand> || std::is_same_v<Message, ClientSignal>;
    if (bytes == nullptr) {
        check.require(false, std::string{what} + " is missing");
        return std::nullopt;
    }
    auto decoded = [&] {
        if constexpr (from_client)
            return decode_client(view_of(*bytes), record_bytes_max); // what came small may be written larger
        else
            return decode_server(view_of(*bytes));
    }();
    if (!decoded) {
        check.require(false, std::string{what} + ": " + decoded.error().message);
        return std::nullopt;
    }
    auto* message = std::get_if<Message>(&*decoded);
    check.require(message != nullptr, std::string{what} + " is another kind of message");
    return message == nullptr ? std::nullopt : std::optional{std::move(*message)};
}

// ---- plugins and what they have

std::vector<RecordedPlugin> read(Checker& check,
                                 const flatbuffers::Vector<flatbuffers::Offset<recorded::Plugin>>* plugins) {
    std::vector<RecordedPlugin> read;
    for_each(plugins, [&](const recorded::Plugin& plugin) {
        const PluginSource source{.name = check.text(plugin.name(), "the name of a plugin"),
                                  .manifest = check.text(plugin.manifest(), "a plugin.lua"),
                                  .code = check.text(plugin.code(), "an init.lua"),
                                  .manifest_path = check.text(plugin.manifest_path(), "a path"),
                                  .code_path = check.text(plugin.code_path(), "a path")};
        read.push_back({.request = {.source = source,
                                    .settings = check.value(plugin.settings(), "the settings of a plugin"),
                                    .settings_path = {}},
                        .hash = check.text(plugin.hash(), "the hash of a plugin")});
    });
    return read;
}

TableName table_name(Checker& check, const flatbuffers::String* plugin, const flatbuffers::String* field) {
    TableName name{.plugin = check.text(plugin, "the name of a plugin", TableName::bytes_max),
                   .field = check.text(field, "the name of a field", TableName::bytes_max)};
    check.require(!name.plugin.empty() && !name.field.empty(), "a table has a plugin and a field");
    return name;
}

void declare(Checker& check, SharedState& state,
             const flatbuffers::Vector<flatbuffers::Offset<recorded::DeclaredTable>>* tables) {
    for_each(tables, [&](const recorded::DeclaredTable& table) {
        const TableName name = table_name(check, table.plugin(), table.field());
        const auto audience = check.within<std::uint8_t>(table.audience(), 0, audience_levels - 1, "an audience");
        if (!name.plugin.empty() && !name.field.empty()) state.declare(name, Audience{audience});
    });
}

void put(Checker& check, SharedState& state, std::vector<SharedEntry> entries) {
    for (SharedEntry& entry : entries) {
        const bool good = entry.value && state.find(entry.table) != nullptr;
        check.require(good, "an entry has a value, and its table is declared");
        if (good) state.put(entry.table, entry.key, *std::move(entry.value));
    }
}

void read(Checker& check, const recorded::PluginState& wire, PluginState& state) {
    declare(check, state.saved, wire.saved_tables());
    for_each(wire.saved(), [&](const recorded::Entries& entries) {
        if (auto delta = nested<Delta>(check, entries.message(), "saved state"))
            put(check, state.saved, std::move(delta->fields.shared));
    });
    for_each(wire.last_ids(), [&](const recorded::LastId& last) {
        state.last_ids.insert_or_assign(table_name(check, last.plugin(), last.field()),
                                        check.within(last.id(), std::int64_t{0}, number_max, "the id of an entry"));
    });
    for_each(wire.timers(), [&](const recorded::Timer& timer) {
        state.timers.set({check.text(timer.plugin(), "the name of a plugin", TableName::bytes_max),
                          check.text(timer.name(), "the name of a timer", TimerName::bytes_max)},
                         Tick{timer.due()}, check.value(timer.data(), "the data of a timer"));
    });
    if (const auto wall_us = wire.wall_unix_us())
        state.wall = PluginState::Wall{unix_time(check, *wall_us), Tick{wire.wall_at()}};
    if (const auto opened = wire.opened()) state.opened = Tick{*opened};
    for_each(wire.lifted_rules(), [&](const recorded::LiftedRule& rule) {
        state.records[check.text(rule.plugin(), "the name of a plugin", TableName::bytes_max)]
            .lifted_rules.insert_or_assign(check.text(rule.permission(), "a permission", SharedState::key_bytes_max),
                                           check.value(rule.rule(), "a rule"));
    });
}

std::optional<Chance> read_chance(const recorded::PluginState& wire) {
    std::array<std::uint64_t, 4> words{};
    if (wire.chance() == nullptr || wire.chance()->size() != words.size()) return std::nullopt;
    std::ranges::copy(*wire.chance(), words.begin());
    return Chance{words};
}

// ---- the room

Stamp read(Checker& check, const recorded::Stamp* stamp) {
    if (stamp == nullptr) return {};
    return {.physical = ServerTime{check.time(stamp->physical_us(), "a stamp")},
            .logical = stamp->logical(),
            .viewer = ViewerId{stamp->viewer()}};
}

Member read(Checker& check, const recorded::Member& wire) {
    Member member;
    member.id = ViewerId{wire.id()};
    member.name = check.text(wire.name(), "a name");
    member.roles = wire.roles();
    member.connected = wire.connected();
    member.condition = wire.condition();
    member.joined_at = Tick{wire.joined_at()};
    member.last_sequence = wire.last_sequence();
    member.duration_media = MediaInstance{wire.duration_media()};
    member.duration = check.time(wire.duration_us(), "a duration");
    check.require(member.id != ViewerId{0}, "viewer 0 is the engine");
    for_each(wire.answers(), [&](const recorded::Answer& answer) {
        auto reply = nested<Reply>(check, answer.message(), "an answer");
        if (!reply) return;
        member.outcomes.push_back({.viewer = member.id,
                                   .sequence = reply->sequence,
                                   .verdict = reply->verdict,
                                   .error = std::move(reply->error),
                                   .plugin = std::move(reply->plugin),
                                   .reason = std::move(reply->reason),
                                   .data = std::move(reply->data)});
    });
    check.require(member.outcomes.size() <= Member::outcomes_kept, "more answers are kept than a room keeps");
    return member;
}

void read(Checker& check, const recorded::RoomState& wire, RoomState& state) {
    auto snapshot = nested<Snapshot>(check, wire.replicated(), "the replicated state");
    if (!snapshot) return;
    RoomFields& fields = snapshot->fields;
    state.epoch = snapshot->epoch;
    state.version = snapshot->version;
    check.require(state.version != Version{0}, "a room's first version is 1");
    const auto set = [&](auto& field, auto& value) {
        field.set(std::move(*value));
        field.commit(state.version);
    };
    set(state.info, fields.info);
    set(state.media, fields.media);
    set(state.motion, fields.motion);
    set(state.viewer_count, fields.viewer_count);
    for (ViewerRow& row : fields.viewers) state.roster.put(std::move(row));
    state.roster.commit(state.version);
    declare(check, state.shared, wire.tables());
    put(check, state.shared, std::move(fields.shared));
    state.shared.commit(state.version);
    for_each(wire.members(), [&](const recorded::Member& member) {
        Member read_member = read(check, member);
        const ViewerId id = read_member.id;
        state.viewers.insert_or_assign(id, std::move(read_member));
    });
    state.last_motion = read(check, wire.last_motion());
    state.last_rate = read(check, wire.last_rate());
    state.roles_revision = wire.roles_revision();
    state.duration_open = wire.duration_open();
}

// ---- calls

Input read(Checker& check, const recorded::Command& wire) {
    Command command;
    if (auto message = nested<ClientCommand>(check, wire.message(), "a command")) {
        command.sequence = message->sequence;
        command.media = message->media;
        command.issued.physical = message->issued_at;
        command.position_seen = message->position_seen;
        command.action = std::move(message->action);
    }
    command.viewer = ViewerId{wire.viewer()};
    command.issued.viewer = ViewerId{wire.issued_viewer()};
    command.issued.logical = wire.issued_logical();
    command.plugin = check.text(wire.plugin(), "the name of a plugin", PluginCommand::name_bytes_max);
    command.due = Tick{wire.due()};
    return command;
}

Input read(Checker& check, const recorded::Signal& wire) {
    Signal signal;
    if (auto message = nested<ClientSignal>(check, wire.message(), "a signal"))
        signal = {.viewer = {},
                  .plugin = std::move(message->plugin),
                  .name = std::move(message->name),
                  .args = std::move(message->args)};
    signal.viewer = ViewerId{wire.viewer()};
    return signal;
}

std::optional<Call> read_call(Checker& check, recorded::Call type, const void* body) {
    switch (type) {
    case recorded::Call::NONE: return std::nullopt;
    case recorded::Call::Start: return RoomStep::start;
    case recorded::Call::Wake: return RoomStep::wake;
    case recorded::Call::Restart: return RoomStep::restart;
    case recorded::Call::Commit: return RoomStep::commit;
    case recorded::Call::CollectGarbage: return RoomStep::collect_garbage;
    case recorded::Call::Sleep: return RoomStep::sleep;
    case recorded::Call::Reload: return Reload{read(check, static_cast<const recorded::Reload*>(body)->plugins())};
    case recorded::Call::Advance: return Advance{static_cast<const recorded::Advance*>(body)->missed()};
    case recorded::Call::Join: {
        const auto& join = *static_cast<const recorded::Join*>(body);
        return Input{
            Join{.viewer = ViewerId{join.viewer()}, .name = check.text(join.name(), "a name"), .roles = join.roles()}};
    }
    case recorded::Call::Reconnect:
        return Input{Reconnect{ViewerId{static_cast<const recorded::Reconnect*>(body)->viewer()}}};
    case recorded::Call::Disconnect:
        return Input{Disconnect{ViewerId{static_cast<const recorded::Disconnect*>(body)->viewer()}}};
    case recorded::Call::Leave: {
        const auto& leave = *static_cast<const recorded::Leave*>(body);
        return Input{
            Leave{.viewer = ViewerId{leave.viewer()},
                  .why = check.enumerator<LeaveReason>(leave.why(), recorded::LeaveReason::MAX, "a reason to leave")}};
    }
    case recorded::Call::DurationReport: {
        const auto& report = *static_cast<const recorded::DurationReport*>(body);
        return Input{DurationReport{.viewer = ViewerId{report.viewer()},
                                    .media = MediaInstance{report.media()},
                                    .duration = check.time(report.duration_us(), "a duration")}};
    }
    case recorded::Call::Condition: {
        const auto& condition = *static_cast<const recorded::Condition*>(body);
        return Input{Condition{.viewer = ViewerId{condition.viewer()}, .flags = condition.flags()}};
    }
    case recorded::Call::WallTime:
        return Input{WallTime{unix_time(check, static_cast<const recorded::WallTime*>(body)->unix_us())}};
    case recorded::Call::Command: return read(check, *static_cast<const recorded::Command*>(body));
    case recorded::Call::Signal: return read(check, *static_cast<const recorded::Signal*>(body));
    }
    return std::nullopt;
}

// ---- records

Result<Record> read(const recorded::Opening& wire) {
    if (wire.format() != format)
        return refused("this is a recording of format " + std::to_string(wire.format()) + "; this program reads " +
                       std::to_string(format));
    constexpr std::uint32_t tick_us_max = 10'000'000;
    Checker check;
    Opening opening;
    opening.engine = check.text(wire.engine(), "the engine's version");
    opening.room = check.text(wire.room(), "a room id", RoomId::length_max);
    opening.part = wire.part();
    opening.tick = Tick{wire.tick()};
    opening.tick_length =
        TickLength{Microseconds{check.within<std::uint32_t>(wire.tick_us(), 1, tick_us_max, "a tick's length in us")}};
    opening.unix_us = wire.unix_us();
    opening.left_out = wire.left_out();
    opening.started = wire.started();
    opening.plugins = read(check, wire.plugins());
    if (wire.room_state() == nullptr || wire.plugin_state() == nullptr)
        return refused("an opening has the state of the room and of its plugins");
    const auto chance = read_chance(*wire.plugin_state());
    if (!chance) return refused("the state of chance is four numbers");
    opening.plugin_state = PluginState{*chance};
    read(check, *wire.room_state(), opening.room_state);
    read(check, *wire.plugin_state(), opening.plugin_state);
    return check.finish(Record{std::move(opening)});
}

Frame read_update(Checker& check, const flatbuffers::Vector<std::uint8_t>& bytes) {
    const auto message = decode_server(view_of(bytes));
    const bool good =
        message && (std::holds_alternative<Delta>(*message) || std::holds_alternative<Snapshot>(*message));
    check.require(good, "an update is a delta or a snapshot");
    return Frame{view_of(bytes)};
}

Result<Record> read(const recorded::Turn& wire) {
    Checker check;
    Turn turn;
    turn.tick = Tick{wire.tick()};
    if (const auto* lead = wire.lead())
        turn.lead = {.start = check.time(lead->start_us(), "a lead in us"),
                     .seek = check.time(lead->seek_us(), "a lead in us"),
                     .load = check.time(lead->load_us(), "a lead in us")};
    if (const auto* calls = wire.calls()) {
        turn.calls.reserve(calls->size());
        for (flatbuffers::uoffset_t i = 0; i < calls->size(); ++i) {
            auto call = read_call(check, wire.calls_type()->GetEnum<recorded::Call>(i), calls->Get(i));
            if (!call) return refused("a call of a kind that this program does not know");
            turn.calls.push_back(*std::move(call));
        }
    }
    if (const auto* cut_offs = wire.cut_offs()) {
        for (const recorded::CutOff* cut : *cut_offs)
            turn.cut_offs.push_back({.asked = cut->asked(), .took = Microseconds{cut->took_us()}});
        check.require(std::ranges::is_sorted(turn.cut_offs, {}, &CutOff::asked), "cut-offs come in their order");
    }
    turn.version = Version{wire.version()};
    if (wire.update() != nullptr) turn.update = read_update(check, *wire.update());
    turn.digest = wire.digest();
    turn.took = Microseconds{wire.took_us()};
    turn.refused = wire.refused();
    if (wire.beacon() != nullptr) turn.beacon = nested<Beacon>(check, wire.beacon(), "a beacon");
    return check.finish(Record{std::move(turn)});
}

Result<Record> read(const recorded::Closing& wire) {
    Checker check;
    Closing closing{.why = check.text(wire.why(), "why a recording ends")};
    return check.finish(Record{std::move(closing)});
}

} // namespace

Result<Record> decode(ByteView bytes) {
    if (bytes.size() > record_bytes_max)
        return std::unexpected(Error{.code = ErrorCode::too_large,
                                     .message = "a record has at most " + std::to_string(record_bytes_max) +
                                                " bytes, not " + std::to_string(bytes.size())});
    std::vector<std::uint64_t> storage;
    const ByteView view = aligned(bytes, storage);
    const auto* data = reinterpret_cast<const std::uint8_t*>(view.data());
    flatbuffers::Verifier verifier(data, view.size(), depth_max, tables_max);
    if (view.empty() || !recorded::VerifySizePrefixedRecordBuffer(verifier))
        return refused("a record is one Record of schemas/recording.fbs; these bytes are not");
    const auto& record = *recorded::GetSizePrefixedRecord(data);
    if (const auto* opening = record.body_as_Opening()) return read(*opening);
    if (const auto* turn = record.body_as_Turn()) return read(*turn);
    if (const auto* closing = record.body_as_Closing()) return read(*closing);
    return refused("a record of a kind that this program does not know");
}

} // namespace playhead::recording
