#include "session/room_host.hpp"

#include "replication/decode.hpp"
#include "replication/encode.hpp"
#include "session/lead.hpp"
#include "session/telemetry.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <utility>

namespace playhead {
namespace {

constexpr Microseconds beacon_interval{1'000'000};

template <class... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};

std::uint32_t ticks_per_beacon(TickLength tick_length) {
    return static_cast<std::uint32_t>(std::max<std::int64_t>(1, beacon_interval / tick_length.value));
}

// The next tick at which the room changes without anybody doing anything: a scheduled start takes over, or media ends.
std::optional<Tick> next_change(const RoomState& state, TickLength tick_length, Tick tick) {
    const Motion& motion = state.motion.value();
    if (motion.pending) return std::max(motion.pending->anchor_tick, tick + 1);
    const MediaTime duration = state.media.value().duration;
    if (!motion.current.playing || duration == MediaTime{0}) return std::nullopt;
    const MediaTime left = duration - motion.current.position_at(tick, tick_length);
    const Microseconds real_time = left * 1000 / motion.current.rate.permille;
    return std::max(tick_length.at_or_after(tick_length.start_of(tick) + real_time), tick + 1);
}

} // namespace

RoomHost::RoomHost(RoomId id, RoomInfo info, const RoomKeys& keys, bool permanent, Epoch epoch, ShardContext& shard)
    : shard_(shard),
      id_(std::move(id)),
      keys_(keys),
      permanent_(permanent),
      room_(epoch, std::move(info), shard.tick_length),
      broadcast_(room_.state(), shard.metrics),
      due_(this),
      lead_(lead_for({}, shard.tick_length)),
      empty_since_(shard.clock.now()) {
    beacon_tick_ = next_beacon_after(shard.next_tick);
    broadcast_.observe(shard.next_tick);
    ++shard_.metrics.rooms;
    wake();
}

RoomHost::~RoomHost() {
    shard_.due.cancel(due_);
    --shard_.metrics.rooms;
    shard_.metrics.viewers -= places_.size();
    shard_.metrics.sessions -= fan_out_.size();
}

std::optional<Error> RoomHost::load(const Load& load) {
    Command command;
    command.issued.physical = shard_.clock.now();
    command.action = load;
    const auto outcome = room_.apply(command, shard_.next_tick, lead_);
    if (outcome && outcome->verdict == Verdict::refused) return outcome->error;
    room_.take_events();
    room_.commit();
    broadcast_.observe(shard_.next_tick);
    wake();
    return std::nullopt;
}

void RoomHost::attach(std::unique_ptr<Connection> connection) {
    const ServerTime now = shard_.clock.now();
    ++shard_.metrics.sessions;
    SessionOwner& owner = *this;
    Session& session = fan_out_.add(std::make_unique<Session>(owner, std::move(connection), shard_.settings, now));
    session.start();
    if (shard_.draining) {
        close(session, {ErrorCode::draining, "the engine is going down", drain_retry_ms}, true);
    } else if (fan_out_.size() > std::size_t{shard_.settings.viewers_per_room_max} + newcomers_max) {
        close(session, {ErrorCode::room_full, "too many connections to this room"}, false);
    }
    wake();
}

// ---- What arrives between ticks

void RoomHost::on_message(Session& session, ByteView message) {
    const ServerTime now = shard_.clock.now();
    auto decoded = decode_client(message);
    if (!decoded) ++shard_.metrics.malformed_messages_total;
    obey(session, session.protocol.on_message(std::move(decoded), now), now);
}

void RoomHost::obey(Session& session, Decision decision, ServerTime now) {
    std::visit(Overloaded{
                   [](const decision::Ignore&) {},
                   [&](const decision::Admit& admit) { admit_viewer(session, admit); },
                   [&](decision::Enqueue& enqueued) {
                       if (inputs_.size() < inputs_per_tick_max) return enqueue(std::move(enqueued.command));
                       refuse(session, Reply{.sequence = enqueued.command.sequence,
                                             .verdict = Verdict::refused,
                                             .error = {ErrorCode::rate_limited, "the room is overwhelmed", 1000}});
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
                   [&](const decision::Depart&) {
                       const ViewerId viewer = session.protocol.viewer();
                       detach(session, now);
                       remove_place(viewer);
                       session.outbox.shut(shard_.metrics);
                       session.connection().close(ErrorCode::none, "bye");
                   },
                   [&](const decision::Close& closing) { close(session, closing.error, closing.resumable); },
               },
               decision);
}

void RoomHost::admit_viewer(Session& session, const decision::Admit& admit) {
    const auto admission = playhead::admit(admit.hello, id_, keys_, places_);
    if (!admission) return close(session, admission.error(), false);
    Place* place = places_.find(admission->resumed);
    session.resumed = place != nullptr;
    if (place) {
        session.outbox.claim(admit.hello.have_epoch, admit.hello.have_version);
        if (Session* earlier = place->session) {
            places_.connected(*place, session);
            close(*earlier, {ErrorCode::replaced, "this viewer has connected again from elsewhere"}, false);
        } else {
            places_.connected(*place, session);
            reconnect(place->viewer);
        }
        ++shard_.metrics.sessions_resumed_total;
    } else {
        if (places_.size() >= shard_.settings.viewers_per_room_max) {
            return close(session,
                         {ErrorCode::room_full,
                          "the room has its " + std::to_string(shard_.settings.viewers_per_room_max) + " viewers"},
                         false);
        }
        place = &places_.add(Secret::random(shard_.random), admission->roles);
        place->session = &session;
        ++shard_.metrics.viewers;
        enqueue(Join{place->viewer, admit.hello.name, place->roles});
    }
    session.protocol.admitted(place->viewer);
    ++shard_.metrics.sessions_opened_total;
    newcomers_.push_back(place->viewer);
    wake();
}

void RoomHost::observe(Session& session, const Report& report, ServerTime now) {
    session.figures.add(report, now);
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
    session.outbox.drained(broadcast_, shard_.metrics);
    session.outbox.flush(broadcast_, session.connection(), now, shard_.metrics);
}

void RoomHost::on_closed(Session& session, const Error& error) {
    const ServerTime now = shard_.clock.now();
    if (error.code != ErrorCode::none && session.protocol.phase() != Protocol::Phase::closing) {
        ++shard_.metrics.malformed_messages_total;
        shard_.peer_log.refused(id_, session.protocol.viewer(), session.connection().peer(), error, now);
    }
    detach(session, now);
    session.outbox.shut(shard_.metrics);
    --shard_.metrics.sessions;
    gone_.push_back(fan_out_.remove(session));
    wake();
}

void RoomHost::close(Session& session, const Error& error, bool resumable) {
    const ServerTime now = shard_.clock.now();
    if (session.protocol.viewer() == ViewerId{0}) ++shard_.metrics.sessions_refused_total;
    if (error.code != ErrorCode::draining)
        shard_.peer_log.refused(id_, session.protocol.viewer(), session.connection().peer(), error, now);
    detach(session, now);
    session.protocol.closing();
    session.outbox.say_goodbye(encode(ServerMessage{Goodbye{error, resumable}}), session.connection(), shard_.metrics);
    session.connection().close(error.code, error.message);
}

void RoomHost::detach(Session& session, ServerTime now) {
    Place* place = places_.find(session.protocol.viewer());
    if (!place || place->session != &session) return;
    places_.lost(*place, now);
    enqueue(Disconnect{place->viewer});
}

void RoomHost::reconnect(ViewerId viewer) {
    // A page that reloads within a tick was never gone.
    const auto loss = std::ranges::find_if(inputs_, [&](const Input& input) {
        const auto* disconnect = std::get_if<Disconnect>(&input);
        return disconnect && disconnect->viewer == viewer;
    });
    if (loss == inputs_.end()) return enqueue(Reconnect{viewer});
    inputs_.erase(loss);
}

void RoomHost::remove_place(ViewerId viewer) {
    if (!places_.find(viewer)) return;
    places_.remove(viewer);
    --shard_.metrics.viewers;
    if (places_.empty()) empty_since_ = shard_.clock.now();
    enqueue(Leave{viewer});
}

void RoomHost::close_all(const Error& error) {
    fan_out_.for_each([&](Session& session) {
        if (session.protocol.phase() != Protocol::Phase::closing) close(session, error, true);
    });
}

// ---- A tick

void RoomHost::run(Tick tick, [[maybe_unused]] std::uint32_t missed) {
    const ServerTime now = shard_.clock.now();
    gone_.clear();
    for (const ViewerId viewer : places_.lost_since(now - shard_.settings.viewer_grace)) remove_place(viewer);

    // Inputs, in the order in which they arrived. Plugins' decide and transform hooks stand around apply(); what their
    // hooks ask for is queued and goes the same way, later in this tick.
    std::vector<Outcome> outcomes;
    for (const Input& input : std::exchange(inputs_, {})) {
        if (auto outcome = room_.apply(input, tick, lead_)) outcomes.push_back(*std::move(outcome));
    }
    // Plugins' due timers stand here, once each however many ticks were missed; then their periodic hooks, told
    // `missed`.
    room_.advance(tick);

    const Version before = broadcast_.version();
    bool news = room_.commit() != before;
    broadcast_.observe(tick);
    for (const Event& event : room_.take_events()) {
        broadcast_.tell(event);
        news = true;
    }
    if (tick >= beacon_tick_) {
        beacon_tick_ = next_beacon_after(tick);
        broadcast_.set_beacon(survey(now));
        news = true;
    }

    for (const Outcome& outcome : outcomes) answer(outcome, tick);
    for (const ViewerId viewer : std::exchange(newcomers_, {}))
        if (Session* session = session_of(viewer)) welcome(*session, now);
    for (const ViewerId viewer : std::exchange(owed_, {}))
        if (Session* session = session_of(viewer)) fan_out_.one(*session);
    if (news) fan_out_.everyone();
    send();

    if (const auto due = next_due(tick)) shard_.due.schedule(due_, *due);
}

void RoomHost::answer(const Outcome& outcome, Tick tick) {
    switch (outcome.verdict) {
    case Verdict::applied: ++shard_.metrics.commands_applied_total; break;
    case Verdict::superseded: ++shard_.metrics.commands_superseded_total; break;
    case Verdict::refused: ++shard_.metrics.commands_refused_total; break;
    }
    // Without a session the answer is kept by the room, for when the viewer comes back and asks again.
    Session* session = session_of(outcome.viewer);
    if (!session) return;
    const Reply reply{outcome.sequence, outcome.verdict, outcome.error, tick, room_.state().version};
    if (!session->outbox.reply(encode(ServerMessage{reply})))
        return close(*session, {ErrorCode::slow, "too many answers wait to be read"}, true);
    owed_.push_back(outcome.viewer);
}

Session* RoomHost::session_of(ViewerId viewer) {
    const Place* place = places_.find(viewer);
    return place ? place->session : nullptr;
}

void RoomHost::welcome(Session& session, ServerTime now) {
    const Place& place = *places_.find(session.protocol.viewer());
    const ReportingPace pace = pace_for(fan_out_.size(), shard_.settings);
    Welcome message;
    message.protocol = Protocol::version;
    message.room = id_.text();
    message.viewer = place.viewer;
    message.resume_token = to_text(Token{TokenKind::resume, id_, place.resume});
    message.resumed = session.resumed;
    message.clock_id = shard_.clock_id;
    message.tick_length = shard_.tick_length.value;
    message.server_time = now;
    message.report_interval_ms = static_cast<std::uint32_t>(pace.report_interval.count());
    message.ping_interval_ms = static_cast<std::uint32_t>(pace.ping_interval.count());
    message.commands_per_s = shard_.settings.commands_per_s;
    message.command_burst = shard_.settings.command_burst;
    session.outbox.welcome(encode(ServerMessage{message}), broadcast_);
    fan_out_.one(session);
}

Beacon RoomHost::survey(ServerTime now) {
    const MediaInstance media = room_.state().media.value().instance;
    const Microseconds report_interval = pace_for(fan_out_.size(), shard_.settings).report_interval;
    std::vector<Telemetry> rows;
    std::vector<Microseconds> delays;
    fan_out_.for_each([&](Session& session) {
        if (auto closing = session.protocol.on_time(now)) return close(session, closing->error, closing->resumable);
        if (session.outbox.too_slow(session.connection(), now, shard_.settings)) {
            ++shard_.metrics.slow_closed_total;
            return close(session, {ErrorCode::slow, "the connection does not take what the room sends"}, true);
        }
        if (session.protocol.phase() != Protocol::Phase::joined) return;
        if (const auto row = session.figures.telemetry(session.protocol.viewer(), media, now, report_interval))
            rows.push_back(*row);
        if (session.figures.delay().known()) delays.push_back(session.figures.delay().bound());
    });
    lead_ = lead_for(delays, shard_.tick_length);
    Beacon beacon;
    beacon.server_time = now;
    add_telemetry(beacon, std::move(rows), fan_out_.size());
    return beacon;
}

void RoomHost::send() {
    // A small room is done with here, and its frames are stamped as they are written. A wide one goes on between ticks,
    // and so does everyone when this tick has already sent for long.
    const ServerTime now = shard_.clock.now();
    if (fan_out_.size() > shard_.settings.fresh_viewers_max || now >= shard_.sends_until) return;
    broadcast_.written_at(now);
    fan_out_.run(broadcast_, shard_.clock, ServerTime::max(), shard_.metrics);
    broadcast_.written_at(std::nullopt);
}

bool RoomHost::fan_out(ServerTime deadline) { return fan_out_.run(broadcast_, shard_.clock, deadline, shard_.metrics); }

bool RoomHost::expired(ServerTime now) const {
    return !permanent_ && empty() && now - empty_since_ >= shard_.settings.empty_room_expiry;
}

std::optional<Tick> RoomHost::next_due(Tick tick) const {
    std::optional<Tick> due = next_change(room_.state(), shard_.tick_length, tick);
    const auto at = [&](Tick other) { due = due ? std::min(*due, other) : other; };
    const auto at_time = [&](ServerTime time) { at(std::max(shard_.tick_length.at_or_after(time), tick + 1)); };
    if (!inputs_.empty() || !owed_.empty()) at(tick + 1);
    if (fan_out_.size() > 0) at(beacon_tick_);
    if (const auto lost = places_.first_lost()) at_time(*lost + shard_.settings.viewer_grace);
    if (!permanent_ && empty()) at_time(empty_since_ + shard_.settings.empty_room_expiry);
    return due;
}

Tick RoomHost::next_beacon_after(Tick tick) const {
    // Every room has its own phase, so that rooms do not beat together.
    const std::uint32_t period = ticks_per_beacon(shard_.tick_length);
    const auto phase = static_cast<std::uint32_t>(std::hash<RoomId>{}(id_) % period);
    return tick + (period - (tick.number + period - phase) % period);
}

} // namespace playhead
