#include "replication/checker.hpp"
#include "replication/decode.hpp"
#include "schemas/client_generated.h"

#include <flatbuffers/flatbuffers.h>

namespace playhead {
namespace {

// A client's message is a frame, a message and at most an action.
constexpr flatbuffers::uoffset_t depth_max = 16;
constexpr flatbuffers::uoffset_t tables_max = 64;

std::unexpected<Error> refused(ErrorCode code, std::string message) {
    return std::unexpected(Error{.code = code, .message = std::move(message)});
}

// A client that has no good clock yet may be off in either direction; the session clamps it further.
ServerTime clamped_time(std::int64_t value_us) {
    return ServerTime{Microseconds{std::clamp<std::int64_t>(value_us, 0, time_max.count())}};
}

Result<ClientMessage> read(const wire::Hello& hello) {
    Checker check;
    Hello value;
    value.protocol_min = hello.protocol_min();
    value.protocol_max = hello.protocol_max();
    check.require(value.protocol_min <= value.protocol_max, "protocol_min is greater than protocol_max");
    value.room = check.text(hello.room(), "a room id", RoomId::length_max);
    value.join_token = check.text(hello.join_token(), "a join token", Hello::token_bytes_max);
    value.resume_token = check.text(hello.resume_token(), "a resume token", Hello::token_bytes_max);
    value.name = check.text(hello.name(), "a name");
    value.have_epoch = Epoch{hello.have_epoch()};
    value.have_version = Version{hello.have_version()};
    value.client = check.text(hello.client(), "the name of a client", Hello::client_bytes_max);
    value.device = check.text(hello.device(), "a device id", Hello::device_bytes_max);
    return check.finish(ClientMessage{std::move(value)});
}

// Positions, rates and lengths are arguments of commands: the room refuses them with an answer, the session lives on.
std::optional<Action> read_action(Checker& check, const wire::Command& command) {
    if (command.action_as_Play() != nullptr) return Play{};
    if (command.action_as_Pause() != nullptr) return Pause{};
    if (const auto* seek = command.action_as_Seek()) return Seek{.to = MediaTime{seek->position_us()}};
    if (const auto* rate = command.action_as_SetRate()) return SetRate{.rate = Rate{rate->rate_permille()}};
    if (const auto* load = command.action_as_Load()) {
        return Load{.kind = check.enumerator<MediaKind>(load->kind(), wire::MediaKind::MAX, "media kind"),
                    .url = check.text(load->url(), "a media address"),
                    .title = check.text(load->title(), "a title"),
                    .start = MediaTime{load->position_us()},
                    .play = load->play()};
    }
    if (const auto* name = command.action_as_SetName()) return SetName{.name = check.text(name->name(), "a name")};
    if (const auto* wish = command.action_as_PluginCommand()) {
        return PluginCommand{.plugin =
                                 check.text(wish->plugin(), "the name of a plugin", PluginCommand::name_bytes_max),
                             .name = check.text(wish->name(), "the name of a command", PluginCommand::name_bytes_max),
                             .args = check.value(wish->args(), "the arguments of a command")};
    }
    return std::nullopt;
}

Result<ClientMessage> read(const wire::Command& command) {
    Checker check;
    auto action = read_action(check, command);
    if (!action) {
        return refused(ErrorCode::malformed, "a command carries one action, not action " +
                                                 std::to_string(std::to_underlying(command.action_type())));
    }
    ClientCommand value;
    value.sequence = command.seq();
    value.media = MediaInstance{command.media()};
    value.issued_at = clamped_time(command.issued_at_us());
    value.issued_logical = command.issued_logical();
    if (command.position_us() != -1) value.position_seen = check.time(command.position_us(), "a position in us");
    value.action = *std::move(action);
    return check.finish(ClientMessage{std::move(value)});
}

Result<ClientMessage> read(const wire::Report& report) {
    Checker check;
    Report value;
    value.version = Version{report.version()};
    value.media = MediaInstance{report.media()};
    value.drift = Microseconds{report.drift_us()};
    value.delay = Microseconds{report.delay_us()};
    value.clock_error = Microseconds{report.clock_error_us()};
    value.buffer_ms = report.buffer_ms();
    value.duration = check.time(report.duration_us(), "a duration in us");
    // Flags that came later mean nothing here.
    value.flags = report.flags() & std::to_underlying(wire::ReportFlag::ANY);
    return check.finish(ClientMessage{value});
}

Result<ClientMessage> read(const wire::Signal& signal) {
    Checker check;
    ClientSignal value{.plugin = check.text(signal.plugin(), "the name of a plugin", PluginCommand::name_bytes_max),
                       .name = check.text(signal.name(), "the name of a signal", PluginCommand::name_bytes_max),
                       .args = check.value(signal.args(), "the arguments of a signal")};
    return check.finish(ClientMessage{std::move(value)});
}

Result<ClientMessage> read(const wire::ClientFrame& frame) {
    if (const auto* hello = frame.message_as_Hello()) return read(*hello);
    if (const auto* command = frame.message_as_Command()) return read(*command);
    if (const auto* ping = frame.message_as_Ping()) return Ping{.t0_us = ping->t0_us()};
    if (const auto* report = frame.message_as_Report()) return read(*report);
    if (const auto* resync = frame.message_as_Resync()) {
        return Resync{
            .version = Version{resync->version()}, .state_hash = resync->state_hash(), .mismatch = resync->mismatch()};
    }
    if (frame.message_as_Bye() != nullptr) return Bye{};
    if (const auto* signal = frame.message_as_Signal()) return read(*signal);
    if (const auto* ack = frame.message_as_Ack())
        return Ack{.epoch = Epoch{ack->epoch()}, .version = Version{ack->version()}};
    return refused(ErrorCode::malformed, "a frame carries one message, not message " +
                                             std::to_string(std::to_underlying(frame.message_type())));
}

} // namespace

Result<ClientMessage> decode_client(ByteView bytes, std::size_t bytes_max) {
    if (bytes.size() > bytes_max) {
        return refused(ErrorCode::too_large, "a message has at most " + std::to_string(bytes_max) + " bytes, not " +
                                                 std::to_string(bytes.size()));
    }
    thread_local std::vector<std::uint64_t> storage;
    const ByteView view = aligned(bytes, storage);
    const auto* data = reinterpret_cast<const std::uint8_t*>(view.data());
    flatbuffers::Verifier verifier(data, view.size(), depth_max, tables_max);
    if (view.empty() || !verifier.VerifyBuffer<wire::ClientFrame>(nullptr)) {
        return refused(ErrorCode::malformed, "a message is one ClientFrame of schemas/client.fbs; these bytes are not");
    }
    return read(*flatbuffers::GetRoot<wire::ClientFrame>(data));
}

} // namespace playhead
