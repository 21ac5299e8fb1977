#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "replication/messages.hpp"
#include "room/command.hpp"
#include "room/room.hpp"
#include "session/rate_limit.hpp"
#include "session/settings.hpp"

#include <cstdint>
#include <optional>
#include <variant>

namespace playhead {

// What the shell is to do about one message. Exactly one of these comes back for each.
namespace decision {
struct Ignore {};
// Check the tokens, then call Protocol::admitted() or close.
struct Admit {
    Hello hello;
    std::uint16_t protocol = 0;
};
struct Enqueue {
    Command command;
};
// For the next tick, if it has room: nobody waits for an answer.
struct EnqueueSignal {
    Signal signal;
};
// Answer without bothering the room: the command was not queued.
struct Refuse {
    Reply reply;
};
// Answer at once, outside ticks: what waits is no clock sample.
struct AnswerPing {
    Ping ping;
    ServerTime received;
};
struct Observe {
    Report report;
};
struct SendSnapshot {
    Resync resync;
};
// The peer says which state it holds.
struct Acknowledge {
    Ack ack;
};
struct Depart {};
struct Close {
    Error error;
    bool resumable = false;
};
} // namespace decision

using Decision = std::variant<decision::Ignore, decision::Admit, decision::Enqueue, decision::EnqueueSignal,
                              decision::Refuse, decision::AnswerPing, decision::Observe, decision::SendSnapshot,
                              decision::Acknowledge, decision::Depart, decision::Close>;

// What a peer may say when: hello once and first, then commands, reports, pings and resyncs within their budgets.
//     awaiting_hello -> (waiting ->) joined -> closing
// While it waits to be let in nothing is heard but that it gives up.
// Pure: it is told what arrived and when, and says what to do; whoever holds it obeys.
//   Errors: bad input comes back as Close or Refuse.   Owner: one per session.
class Protocol {
  public:
    static constexpr std::uint16_t version = 1;

    // How often a peer may say what. Generous enough for what a stalled network delivers at once; commands are set by
    // the operator (SessionSettings). What is over budget is dropped or refused, and counted against `excess`.
    static constexpr RateLimit::Budget report_budget{2, 40};
    static constexpr RateLimit::Budget ping_budget{20, 200};
    static constexpr RateLimit::Budget resync_budget{1, 5};
    static constexpr RateLimit::Budget signal_budget{25, 50}; // a pointer 20 times a second, and a little more
    static constexpr RateLimit::Budget ack_budget{150, 300};  // one for each tick's update, and for its repetition
    // Over this, and the peer is not clumsy but abusive: closed, to come back not sooner than `abuse_retry_ms`.
    static constexpr RateLimit::Budget excess_budget{20, 100};
    static constexpr std::uint32_t abuse_retry_ms = 10'000;

    enum class Phase : std::uint8_t { awaiting_hello, waiting, joined, closing };

    Protocol(const SessionSettings& settings, ServerTime opened) : settings_(&settings), last_heard_(opened) {}

    Decision on_message(Result<ClientMessage> message, ServerTime now);
    // To be asked about once a second: is the peer still there?
    std::optional<decision::Close> on_time(ServerTime now);

    // Its hello is good, and its turn comes later.
    void waits() { phase_ = Phase::waiting; }
    void admitted(ViewerId viewer, ServerTime now);
    void closing() { phase_ = Phase::closing; }

    Phase phase() const { return phase_; }
    ViewerId viewer() const { return viewer_; } // 0 until admitted

  private:
    Decision on_hello(Hello&& hello);
    Decision while_waiting(const ClientMessage& message, ServerTime now);
    Decision on_command(ClientCommand&& command, ServerTime now);
    // What is over its budget: `otherwise`, unless the peer has gone too far.
    Decision over_budget(ServerTime now, Decision otherwise);
    Decision close(ErrorCode code, std::string_view message, bool resumable = false);

    const SessionSettings* settings_;
    ServerTime last_heard_; // until hello: when the session was opened
    ViewerId viewer_;
    Phase phase_ = Phase::awaiting_hello;
    RateLimit commands_;
    RateLimit reports_;
    RateLimit pings_;
    RateLimit resyncs_;
    RateLimit signals_;
    RateLimit acks_;
    RateLimit excess_;
};

} // namespace playhead
