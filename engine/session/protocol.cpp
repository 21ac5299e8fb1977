#include "session/protocol.hpp"

#include "core/overloaded.hpp"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

namespace playhead {
namespace {

std::uint32_t milliseconds_up(Microseconds duration) {
    return static_cast<std::uint32_t>((duration.count() + 999) / 1000);
}

} // namespace

Decision Protocol::on_message(Result<ClientMessage> message, ServerTime now) {
    if (phase_ == Phase::closing) return decision::Ignore{};
    if (!message) {
        phase_ = Phase::closing;
        return decision::Close{std::move(message.error()), false};
    }
    if (phase_ == Phase::awaiting_hello) {
        if (auto* hello = std::get_if<Hello>(&*message)) {
            last_heard_ = now;
            return on_hello(std::move(*hello));
        }
        return close(ErrorCode::hello_expected, "the first message of a connection is hello");
    }
    last_heard_ = now;
    if (phase_ == Phase::waiting) return while_waiting(*message, now);
    return std::visit(
        Overloaded{
            [&](Hello&&) -> Decision { return close(ErrorCode::hello_repeated, "hello is said once per connection"); },
            [&](ClientCommand&& command) -> Decision { return on_command(std::move(command), now); },
            [&](Ping&& ping) -> Decision {
                if (pings_.take(ping_budget, now)) return over_budget(now, decision::Ignore{});
                return decision::AnswerPing{ping, now};
            },
            [&](Report&& report) -> Decision {
                if (reports_.take(report_budget, now)) return over_budget(now, decision::Ignore{});
                return decision::Observe{report};
            },
            [&](Resync&& resync) -> Decision {
                if (resyncs_.take(resync_budget, now)) return over_budget(now, decision::Ignore{});
                return decision::SendSnapshot{resync};
            },
            [&](ClientSignal&& signal) -> Decision {
                if (signals_.take(signal_budget, now)) return over_budget(now, decision::Ignore{});
                return decision::EnqueueSignal{
                    {viewer_, std::move(signal.plugin), std::move(signal.name), std::move(signal.args)}};
            },
            [&](Ack&& ack) -> Decision {
                if (acks_.take(ack_budget, now)) return over_budget(now, decision::Ignore{});
                return decision::Acknowledge{ack};
            },
            [&](Bye&&) -> Decision {
                phase_ = Phase::closing;
                return decision::Depart{};
            },
        },
        *std::move(message));
}

std::optional<decision::Close> Protocol::on_time(ServerTime now) {
    const auto quiet = now - last_heard_;
    if (phase_ == Phase::awaiting_hello && quiet > settings_->hello_timeout) {
        phase_ = Phase::closing;
        return decision::Close{
            {ErrorCode::hello_expected, "no hello within " + std::to_string(settings_->hello_timeout.count()) + " s"},
            false};
    }
    if (phase_ == Phase::joined && quiet > settings_->silence_timeout) {
        phase_ = Phase::closing;
        return decision::Close{
            {ErrorCode::idle, "nothing heard for " + std::to_string(settings_->silence_timeout.count()) + " s"}, true};
    }
    return std::nullopt;
}

void Protocol::admitted(ViewerId viewer, ServerTime now) {
    assert(phase_ == Phase::awaiting_hello || phase_ == Phase::waiting);
    viewer_ = viewer;
    phase_ = Phase::joined;
    last_heard_ = now; // however long it had to wait
}

Decision Protocol::on_hello(Hello&& hello) {
    if (hello.protocol_min > version || hello.protocol_max < version) {
        return close(ErrorCode::unsupported_protocol, "this engine speaks protocol " + std::to_string(version) +
                                                          ", the client " + std::to_string(hello.protocol_min) +
                                                          " to " + std::to_string(hello.protocol_max));
    }
    return decision::Admit{std::move(hello), version};
}

// [J16] What it says would be lost or out of order: it does not know yet who it is. A client that is not patient is no
// abuser, one that floods is.
Decision Protocol::while_waiting(const ClientMessage& message, ServerTime now) {
    if (std::holds_alternative<Hello>(message))
        return close(ErrorCode::hello_repeated, "hello is said once per connection");
    if (std::holds_alternative<Bye>(message)) {
        phase_ = Phase::closing;
        return decision::Depart{};
    }
    return over_budget(now, decision::Ignore{});
}

Decision Protocol::on_command(ClientCommand&& command, ServerTime now) {
    const RateLimit::Budget budget{settings_->commands_per_s, settings_->command_burst};
    if (const auto wait = commands_.take(budget, now)) {
        Reply reply;
        reply.sequence = command.sequence;
        reply.verdict = Verdict::refused;
        reply.error = {ErrorCode::rate_limited,
                       "at most " + std::to_string(budget.per_s) + " commands a second, " +
                           std::to_string(budget.burst) + " at once",
                       milliseconds_up(*wait)};
        return over_budget(now, decision::Refuse{std::move(reply)});
    }
    // Nobody wins from the future, and nobody rewrites more of the past than a slow network explains.
    const ServerTime issued = std::clamp(command.issued_at, now - Stamp::window, now);
    return decision::Enqueue{Command{viewer_, command.sequence, command.media,
                                     Stamp{issued, command.issued_logical, viewer_}, command.position_seen,
                                     std::move(command.action)}};
}

Decision Protocol::over_budget(ServerTime now, Decision otherwise) {
    if (!excess_.take(excess_budget, now)) return otherwise;
    phase_ = Phase::closing;
    return decision::Close{{ErrorCode::rate_limited, "far more messages than this engine accepts", abuse_retry_ms},
                           true};
}

Decision Protocol::close(ErrorCode code, std::string_view message, bool resumable) {
    phase_ = Phase::closing;
    return decision::Close{{code, std::string{message}}, resumable};
}

} // namespace playhead
