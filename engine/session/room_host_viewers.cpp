#include "replication/encode.hpp"
#include "seal/connect_token.hpp"
#include "session/room_host.hpp"
#include "session/telemetry.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

// Who comes and goes: connections, places, and what the room is told of it.
namespace playhead {

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

Door RoomHost::door() {
    return {.room = id_,
            .epoch = room_.state().epoch,
            .keys = keys_,
            .places = places_,
            .bans = bans_,
            .run = shard_.run,
            .used_tokens = shard_.used_tokens,
            .connect_tokens_only = shard_.settings.connect_tokens_only};
}

std::optional<Error> RoomHost::full() const {
    if (places_.size() < shard_.settings.viewers_per_room_max) return std::nullopt;
    return Error{ErrorCode::room_full,
                 "the room has its " + std::to_string(shard_.settings.viewers_per_room_max) + " viewers"};
}

Result<IssuedToken> RoomHost::issue(const JoinRequest& request) {
    const ServerTime now = shard_.clock.now();
    const auto admission = may_join(request, now, door());
    if (!admission) return std::unexpected(admission.error());
    if (admission->resumed == ViewerId{0})
        if (auto error = full()) return std::unexpected(*std::move(error));
    seal::ConnectGrant grant{.serial = {},
                             .room = id_,
                             .clock_id = shard_.run.clock_id,
                             .expires = now + seal::connect_token_life,
                             .viewer = admission->resumed,
                             .roles = admission->roles,
                             .keys = {},
                             .epoch = room_.state().epoch};
    seal::Nonce nonce{};
    for (const std::span<std::byte> secret :
         {std::span<std::byte>{grant.serial}, std::span<std::byte>{grant.keys.client_to_engine.bytes},
          std::span<std::byte>{grant.keys.engine_to_client.bytes}, std::span<std::byte>{nonce}})
        shard_.random.fill(secret);
    ++shard_.metrics.connect_tokens_issued_total;
    return IssuedToken{.connect_token = seal::seal(grant, shard_.run.sealing_key, nonce),
                       .good_for = seal::connect_token_life,
                       .clock_id = shard_.run.clock_id,
                       .keys = grant.keys};
}

Result<Admission> RoomHost::check(Session& session, const Hello& hello, ServerTime now) {
    const PeerNetwork network = network_of(session.connection().peer());
    auto admission = admit(hello, session.connection().grant(), network, now, door());
    if (admission && admission->resumed == ViewerId{0})
        if (auto error = full()) return std::unexpected(*std::move(error));
    return admission;
}

// [J16] Bad tokens do not get so far: whoever has no way in takes nobody's turn.
void RoomHost::receive(Session& session, Hello hello, ServerTime now) {
    const auto admission = check(session, hello, now);
    if (!admission) return close(session, admission.error(), admission.error().code == ErrorCode::rate_limited);
    using Kind = AdmissionQueue::Kind;
    const Kind kind = admission->resumed == ViewerId{0} ? Kind::newcomer : Kind::returning;
    if (shard_.admissions.passes(kind, *this, now)) return admit_viewer(session, hello, *admission, now);
    if (!shard_.admissions.add(kind, {this, &session, std::move(hello), now}, shard_.metrics))
        return turn_away(session, now);
    session.protocol.waits();
}

void RoomHost::let_in(Session& session, const Hello& hello, ServerTime now) {
    const auto admission = check(session, hello, now); // a place may be gone, the room full, the token used
    if (!admission) return close(session, admission.error(), admission.error().code == ErrorCode::rate_limited);
    admit_viewer(session, hello, *admission, now);
}

void RoomHost::turn_away(Session& session, ServerTime now) {
    ++shard_.metrics.hellos_turned_away_total;
    const std::uint32_t retry_ms = shard_.admissions.retry_ms(now);
    close(session, {ErrorCode::rate_limited, "too many are joining at the moment", retry_ms}, true);
}

// Those of a room without plugins cost nothing that would have to be made up for.
bool RoomHost::takes_newcomers() const { return !has_plugins() || (joins_ < joins_max_ && !room_.behind()); }

// After a tick: fewer if its plugins have not had the time to hear of all who came.
void RoomHost::pace_newcomers() {
    const std::uint32_t joins = std::exchange(joins_, 0);
    if (joins == 0) return;
    if (room_.behind()) {
        joins_max_ = std::max(std::min(joins, joins_max_) / 2, joins_max_least);
    } else if (joins >= joins_max_) {
        joins_max_ = std::min(joins_max_ + std::max(joins_max_ / 8, 1U), joins_max_most);
    }
}

void RoomHost::admit_viewer(Session& session, const Hello& hello, const Admission& admission, ServerTime now) {
    if (admission.token)
        if (const auto first = shard_.used_tokens.use(*admission.token, now); !first)
            return close(session, first.error(), false);
    Place* place = places_.find(admission.resumed);
    session.resumed = place != nullptr;
    if (place) {
        resume(session, hello, *place);
    } else {
        place = &places_.add(Secret::random(shard_.random));
        place->session = &session;
        session.outbox.claim({}, {}, {audience_of(admission.roles), {}});
        ++shard_.metrics.viewers;
        ++joins_;
        enqueue(Join{place->viewer, hello.name, admission.roles});
    }
    if (!hello.device.empty()) place->device = Device{hello.device};
    place->network = network_of(session.connection().peer());
    session.protocol.admitted(place->viewer, now);
    ++shard_.metrics.sessions_opened_total;
    newcomers_.push_back(place->viewer);
    wake();
}

void RoomHost::resume(Session& session, const Hello& hello, Place& place) {
    Session* earlier = place.session;
    if (earlier) place.served = earlier->outbox.served();
    session.outbox.claim(hello.have_epoch, hello.have_version, place.served);
    session.condition.reset();
    places_.connected(place, session);
    if (earlier) {
        close(*earlier, {ErrorCode::replaced, "this viewer has connected again from elsewhere"}, false);
    } else {
        reconnect(place);
    }
    ++shard_.metrics.sessions_resumed_total;
}

ReportingPace RoomHost::pace() const { return pace_for(fan_out_.size(), shard_.metrics.sessions, shard_.settings); }

void RoomHost::welcome(Session& session, ServerTime now) {
    const Place& place = *places_.find(session.protocol.viewer());
    const ReportingPace pace = this->pace();
    Welcome message;
    message.protocol = Protocol::version;
    message.room = id_.text();
    message.viewer = place.viewer;
    message.resume_token = to_text(Token{TokenKind::resume, id_, place.resume});
    message.resumed = session.resumed;
    message.clock_id = shard_.run.clock_id;
    message.tick_length = shard_.tick_length.value;
    message.server_time = now;
    message.report_interval_ms = static_cast<std::uint32_t>(pace.report_interval.count());
    message.ping_interval_ms = static_cast<std::uint32_t>(pace.ping_interval.count());
    message.commands_per_s = shard_.settings.commands_per_s;
    message.command_burst = shard_.settings.command_burst;
    const auto row = room_.state().viewers.find(place.viewer);
    message.roles = row == room_.state().viewers.end() ? 0 : row->second.roles;
    session.outbox.welcome(encode(ServerMessage{message}), broadcast_);
    fan_out_.one(session);
}

void RoomHost::on_closed(Session& session, const Error& error) {
    const ServerTime now = shard_.clock.now();
    if (error.code != ErrorCode::none && session.protocol.phase() != Protocol::Phase::closing) {
        ++shard_.metrics.malformed_messages_total;
        shard_.peer_log.refused(id_, session.protocol.viewer(), session.connection().peer(), error, now);
    }
    detach(session, now);
    shard_.admissions.remove(session, shard_.metrics);
    session.outbox.shut(shard_.metrics);
    --shard_.metrics.sessions;
    gone_.push_back(fan_out_.remove(session));
    if (fan_out_.size() == 0) note({}, 0); // no beacon will
    wake();
}

void RoomHost::close(Session& session, const Error& error, bool resumable) {
    const ServerTime now = shard_.clock.now();
    if (session.protocol.viewer() == ViewerId{0}) ++shard_.metrics.sessions_refused_total;
    if (error.code != ErrorCode::draining)
        shard_.peer_log.refused(id_, session.protocol.viewer(), session.connection().peer(), error, now);
    detach(session, now);
    shard_.admissions.remove(session, shard_.metrics);
    session.protocol.closing();
    session.outbox.say_goodbye(encode(ServerMessage{Goodbye{error, resumable}}), session.connection(), shard_.metrics);
    session.connection().close(error.code, error.message);
}

void RoomHost::detach(Session& session, ServerTime now) {
    Place* place = places_.find(session.protocol.viewer());
    if (!place || place->session != &session) return;
    place->served = session.outbox.served();
    places_.lost(*place, now);
    place->loss_input = inputs_.size();
    enqueue(Disconnect{place->viewer});
}

void RoomHost::reconnect(const Place& place) {
    // A page that reloads within a tick was never gone: then nothing changes. The other inputs stay where they are,
    // since thousands may come back in one tick.
    Input* loss = place.loss_input < inputs_.size() ? &inputs_[place.loss_input] : nullptr;
    const auto* disconnect = loss ? std::get_if<Disconnect>(loss) : nullptr;
    if (!disconnect || disconnect->viewer != place.viewer) return enqueue(Reconnect{place.viewer});
    *loss = Reconnect{place.viewer};
}

void RoomHost::remove_place(ViewerId viewer, LeaveReason why) {
    if (!places_.find(viewer)) return;
    places_.remove(viewer, name_of(viewer));
    --shard_.metrics.viewers;
    if (places_.empty()) empty_since_ = shard_.clock.now();
    enqueue(Leave{viewer, why});
}

void RoomHost::expel(ViewerId viewer, LeaveReason why, const Error& error) {
    Session* session = session_of(viewer);
    remove_place(viewer, why);
    if (session) close(*session, error, false);
}

void RoomHost::close_all(const Error& error) {
    fan_out_.for_each([&](Session& session) {
        if (session.protocol.phase() != Protocol::Phase::closing) close(session, error, true);
    });
}

Session* RoomHost::session_of(ViewerId viewer) {
    const Place* place = places_.find(viewer);
    return place ? place->session : nullptr;
}

std::string RoomHost::name_of(ViewerId viewer) const {
    const auto row = room_.state().viewers.find(viewer);
    return row == room_.state().viewers.end() ? std::string{} : row->second.name;
}

} // namespace playhead
