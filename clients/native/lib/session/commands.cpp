#include "lib/session/commands.hpp"

#include "lib/room/names.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace playhead::client {
namespace {

CommandResult result_of(const Reply& reply) {
    return {.verdict = static_cast<Verdict>(std::to_underlying(reply.verdict)),
            .code = code_of(std::to_underlying(reply.error.code)),
            .message = reply.error.message,
            .retry_ms = static_cast<double>(reply.error.retry_ms),
            .plugin = reply.plugin,
            .reason = reply.reason,
            .data = reply.data};
}

} // namespace

CommandResult refusal(ErrorCode code, std::string message) {
    return {.verdict = Verdict::refused, .code = code, .message = std::move(message)};
}

void Commands::submit(Action action, const Act& act, OnAnswer answer) {
    if (unanswered_.size() >= unanswered_max)
        return answer(refusal(ErrorCode::rate_limited, "too many commands are waiting for an answer"));
    unanswered_.push_back({std::move(action), act, std::move(answer), {}});
}

std::vector<ClientCommand> Commands::take_unsent(const std::function<ServerTime(double)>& issued_at) {
    std::vector<ClientCommand> messages;
    for (Unanswered& command : unanswered_) {
        if (command.message) continue;
        command.message = stamp(command, issued_at(command.act.local_ms));
        messages.push_back(*command.message);
    }
    return messages;
}

std::vector<ClientCommand> Commands::sent() const {
    std::vector<ClientCommand> messages;
    for (const Unanswered& command : unanswered_)
        if (command.message) messages.push_back(*command.message);
    return messages;
}

bool Commands::answer(const Reply& reply) {
    const auto command = std::ranges::find_if(unanswered_, [&](const Unanswered& waiting) {
        return waiting.message && waiting.message->sequence == reply.sequence;
    });
    if (command == unanswered_.end()) return false;
    const OnAnswer answer = std::move(command->answer);
    unanswered_.erase(command);
    answer(result_of(reply));
    return true;
}

void Commands::restart() {
    sequence_ = 0;
    last_issued_.reset();
    refuse_where([](const Unanswered& command) { return command.message.has_value(); }, ErrorCode::lost,
                 "the connection was lost before the room answered; it may or may not have been done");
}

bool Commands::expire(double now_ms) {
    return refuse_where(
        [now_ms](const Unanswered& command) {
            return !command.message && now_ms - command.act.local_ms >= unsent_ms_max;
        },
        ErrorCode::unreachable, "the room could not be reached");
}

double Commands::expires_ms() const {
    double earliest_ms = std::numeric_limits<double>::infinity();
    for (const Unanswered& command : unanswered_)
        if (!command.message) earliest_ms = std::min(earliest_ms, command.act.local_ms + unsent_ms_max);
    return earliest_ms;
}

void Commands::refuse_all(ErrorCode code, const std::string& message) {
    refuse_where([](const Unanswered&) { return true; }, code, message);
}

sync::RoomMotion Commands::echo(const sync::RoomMotion& confirmed, MediaInstance media) const {
    sync::RoomMotion motion = confirmed;
    for (const Unanswered& command : unanswered_)
        if (command.act.media == media && command.act.issue)
            motion = sync::predict(motion, command.action, *command.act.issue);
    return motion;
}

bool Commands::refuse_where(const std::function<bool(const Unanswered&)>& matches, ErrorCode code,
                            const std::string& message) {
    std::vector<Unanswered> refused;
    std::vector<Unanswered> kept;
    for (Unanswered& command : unanswered_) (matches(command) ? refused : kept).push_back(std::move(command));
    unanswered_ = std::move(kept);
    for (const Unanswered& command : refused) command.answer(refusal(code, message));
    return !refused.empty();
}

ClientCommand Commands::stamp(const Unanswered& command, ServerTime issued_at) {
    issued_at = std::max(issued_at, ServerTime{});
    if (!last_issued_ || issued_at > *last_issued_) {
        last_issued_ = issued_at;
        last_logical_ = 0;
    } else if (last_logical_ < std::numeric_limits<std::uint16_t>::max()) {
        ++last_logical_;
    }
    return {.sequence = ++sequence_,
            .media = command.act.media,
            .issued_at = *last_issued_,
            .issued_logical = last_logical_,
            .position_seen = command.act.position,
            .action = command.action};
}

} // namespace playhead::client
