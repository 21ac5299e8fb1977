#include "core/overloaded.hpp"
#include "replication/decode.hpp"
#include "replication/encode.hpp"
#include "session/room_host.hpp"

#include <utility>

// What arrives between ticks: queued, or answered at once.
namespace playhead {
void RoomHost::on_message(Session& session, ByteView message) {
    const ServerTime now = shard_.clock.now();
    auto decoded = decode_client(message);
    if (!decoded) ++shard_.metrics.malformed_messages_total;
    obey(session, session.protocol.on_message(std::move(decoded), now), now);
}

void RoomHost::obey(Session& session, Decision decision, ServerTime now) {
    std::visit(Overloaded{
                   [](const decision::Ignore&) {},
                   [&](decision::Admit& admit) { receive(session, std::move(admit.hello), now); },
                   [&](decision::Enqueue& enqueued) {
                       enqueued.command.due = shard_.next_tick;
                       if (inputs_.size() < inputs_per_tick_max) return enqueue(std::move(enqueued.command));
                       refuse(session, Reply{.sequence = enqueued.command.sequence,
                                             .verdict = Verdict::refused,
                                             .error = {ErrorCode::rate_limited, "the room is overwhelmed", 1000}});
                   },
                   [&](decision::EnqueueSignal& signalled) {
                       ++shard_.metrics.signals_total;
                       if (has_plugins() && inputs_.size() < inputs_per_tick_max) enqueue(std::move(signalled.signal));
                   },
                   [&](const decision::Refuse& refused) { refuse(session, refused.reply); },
                   [&](const decision::AnswerPing& ping) {
                       const Pong pong{ping.ping.t0_us, ping.received, shard_.clock.now()};
                       session.outbox.send_now(encode(ServerMessage{pong}), session.connection(), now, shard_.metrics);
                   },
                   [&](const decision::Observe& observed) { observe(session, observed.report, now); },
                   [&](const decision::SendSnapshot& wanted) {
                       if (wanted.resync.mismatch) {
                           ++shard_.metrics.hash_mismatches_total;
                           shard_.peer_log.hash_mismatch(id_, session.protocol.viewer(), session.connection().peer(),
                                                         wanted.resync.version, wanted.resync.state_hash, now);
                       }
                       session.outbox.want_snapshot();
                       owed_.push_back(session.protocol.viewer());
                       wake();
                   },
                   [&](const decision::Acknowledge& acknowledged) {
                       ++shard_.metrics.acknowledgements_total;
                       if (!session.outbox.acknowledge(acknowledged.ack.epoch, acknowledged.ack.version)) return;
                       owed_.push_back(session.protocol.viewer());
                       wake();
                   },
                   [&](const decision::Depart&) {
                       shard_.admissions.remove(session, shard_.metrics);
                       remove_place(session.protocol.viewer(), LeaveReason::left);
                       session.outbox.shut(shard_.metrics);
                       session.connection().close(ErrorCode::none, "bye");
                   },
                   [&](const decision::Close& closing) { close(session, closing.error, closing.resumable); },
               },
               decision);
}

void RoomHost::observe(Session& session, const Report& report, ServerTime now) {
    session.figures.add(report, now);
    constexpr auto told =
        static_cast<std::uint8_t>(std::to_underlying(ReportFlag::stalled) | std::to_underlying(ReportFlag::away) |
                                  std::to_underlying(ReportFlag::blocked));
    const auto condition = static_cast<std::uint8_t>(report.flags & told);
    if (std::exchange(session.condition, condition) != condition)
        enqueue(Condition{session.protocol.viewer(), condition});
    if (report.duration == MediaTime{0}) return;
    if (session.duration_media == report.media && session.duration == report.duration) return;
    session.duration_media = report.media;
    session.duration = report.duration;
    enqueue(DurationReport{session.protocol.viewer(), report.media, report.duration});
}

void RoomHost::refuse(Session& session, const Reply& reply) {
    ++shard_.metrics.commands_refused_total;
    Reply stamped = reply;
    stamped.tick = shard_.next_tick;
    stamped.version = room_.state().version;
    if (!session.outbox.reply(encode(ServerMessage{stamped})))
        return close(session, {ErrorCode::slow, "too many answers wait to be read"}, true);
    owed_.push_back(session.protocol.viewer());
    wake();
}

void RoomHost::enqueue(Input input) {
    inputs_.push_back(std::move(input));
    wake();
}

void RoomHost::on_drained(Session& session) {
    const ServerTime now = shard_.clock.now();
    session.drained(broadcast_, now, shard_.metrics);
    if (broadcast_.someone_unsettled()) wake();
}

} // namespace playhead
