#include "lib/session/session.hpp"

#include "lib/room/names.hpp"
#include "lib/room/plugin_view.hpp"
#include "room/permission.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace playhead::client {
namespace {

constexpr std::uint16_t protocol_version = 1;

double to_ms(Microseconds time) { return static_cast<double>(time.count()) / 1000; }

// Server time in the room's own unit, wherever a clock estimate may have gone.
ServerTime to_server_time(double server_ms) {
    const double us = std::isfinite(server_ms) ? server_ms * 1000 : 0;
    const double bounded = std::clamp(us, 0.0, static_cast<double>(time_max.count()));
    return ServerTime{Microseconds{std::llround(bounded)}};
}

} // namespace

Session::Session(Dial dial, Identity identity, Environment& environment, Events& events)
    : room_(dial.room),
      join_token_(dial.join_token),
      device_(dial.device),
      identity_(std::move(identity)),
      environment_(environment),
      events_(events),
      connection_(std::move(dial), environment, *this),
      state_hash_(replica_.state_hash()) {}

void Session::poll(double now_ms) {
    if (clock_.check_sleep(now_ms, environment_.wall_ms())) events_.clock_restarted();
    connection_.poll(now_ms);
    if (missing_since_ms_ && now_ms - *missing_since_ms_ >= patience_ms) {
        missing_since_ms_.reset();
        resync(false);
    }
    if (connection_.open()) {
        // Stamped as it leaves, whatever this poll has done before.
        if (const auto t0_us = clock_.due_ping(environment_.now_ms(), replica_.viewer_count()))
            connection_.send(Ping{*t0_us}, Importance::may_be_lost);
        if (reports_.take_due(now_ms)) {
            const Report report = sync::report_of({.version = replica_.version(),
                                                   .media = replica_.media().instance,
                                                   .clock = clock_.estimate(now_ms),
                                                   .sync = events_.sync()});
            connection_.send(report, Importance::may_be_lost);
        }
    } else if (commands_.expire(now_ms)) {
        events_.motion_changed();
    }
}

double Session::next_poll_ms() const {
    double next_ms = std::min({connection_.next_poll_ms(), clock_.next_ping_ms(), reports_.next_ms()});
    if (!connection_.open()) next_ms = std::min(next_ms, commands_.expires_ms());
    if (missing_since_ms_) next_ms = std::min(next_ms, *missing_since_ms_ + patience_ms);
    return next_ms;
}

sync::RoomMotion Session::motion() const { return commands_.echo(replica_.motion(), replica_.media().instance); }

double Session::position_ms() const {
    const auto server_ms = clock_.rough_server_now(environment_.now_ms());
    const sync::RoomMotion motion = this->motion();
    const double position_ms =
        server_ms ? sync::position_ms_at(sync::playhead_at(motion, *server_ms, tick_length_), *server_ms, tick_length_)
                  : to_ms(motion.current.anchor_position);
    const double duration_ms = to_ms(replica_.media().duration);
    return duration_ms > 0 ? std::min(position_ms, duration_ms) : position_ms;
}

Permission Session::may(std::string_view permission, std::optional<std::uint32_t> viewer) const {
    const ViewerId who = viewer ? ViewerId{*viewer} : me_;
    const auto row = replica_.viewers().find(who);
    // Somebody beyond the roster of a wide room is nobody in particular, but for oneself.
    const std::uint32_t unlisted = who == me_ ? welcomed_roles_ : 0;
    return permission_of(replica_.shared(), permission, row == replica_.viewers().end() ? unlisted : row->second.roles);
}

std::optional<double> Session::until_tick_ms(std::uint32_t tick) const {
    const auto server_ms = clock_.rough_server_now(environment_.now_ms());
    if (!server_ms) return std::nullopt;
    return to_ms(tick_length_.start_of(Tick{tick}).time_since_epoch()) - *server_ms;
}

void Session::submit(Action action, std::optional<MediaTime> position, OnAnswer answer) {
    if (connection_.status() == RoomStatus::closed) {
        const auto& problem = connection_.problem();
        return answer(refusal(problem ? problem->code : ErrorCode::room_closed, problem ? problem->message : ""));
    }
    const double now_ms = environment_.now_ms();
    const auto server_ms = clock_.rough_server_now(now_ms);
    // What the room's rules forbid is sent, to be refused with its reason, but not shown meanwhile.
    const std::string_view permission = playhead::permission_of(action);
    const bool forbidden = !permission.empty() && !may(permission, {}).allowed;
    Act act{.media = replica_.media().instance, .local_ms = now_ms, .position = position, .issue = {}};
    if (server_ms && !forbidden) {
        const auto estimate = clock_.estimate(now_ms);
        const auto lead = lead_.ticks(tick_length_, estimate ? estimate->rtt_ms : 0);
        act.issue = sync::Issue{.server_ms = *server_ms,
                                .position = position,
                                .tick_length = tick_length_,
                                .start_ticks = lead.start,
                                .seek_ticks = lead.seek,
                                .duration = replica_.media().duration};
    }
    commands_.submit(std::move(action), act, std::move(answer));
    send_commands();
    events_.motion_changed();
}

void Session::signal(ClientSignal signal) { connection_.send(std::move(signal), Importance::may_be_lost); }

void Session::retry() {
    if (!left_) connection_.retry();
}

void Session::leave() {
    if (std::exchange(left_, true)) return;
    if (connection_.status() == RoomStatus::closed) return; // and why stays what it was
    connection_.send(Bye{});
    connection_.close(ErrorCode::left, "this client has left the room");
}

void Session::send_commands() {
    if (!connection_.open()) return;
    const auto issued_at = [this](double local_ms) {
        return to_server_time(clock_.rough_server_now(local_ms).value_or(0));
    };
    for (const ClientCommand& command : commands_.take_unsent(issued_at)) connection_.send(command);
}

Hello Session::hello() {
    const bool resuming = !resume_token_.empty();
    Hello hello;
    hello.protocol_min = hello.protocol_max = protocol_version;
    hello.room = room_;
    hello.join_token = join_token_;
    hello.resume_token = resume_token_;
    hello.name = identity_.name;
    if (resuming) {
        hello.have_epoch = replica_.epoch();
        hello.have_version = replica_.version();
    }
    hello.client = identity_.client_name;
    hello.device = device_;
    return hello;
}

void Session::welcome(const Welcome& welcome, double received_ms) {
    if (welcome.room != room_ || welcome.protocol != protocol_version)
        return connection_.refuse("a welcome to another room, or in another protocol");
    me_ = welcome.viewer;
    welcomed_roles_ = welcome.roles;
    resume_token_ = welcome.resume_token;
    tick_length_ = TickLength{welcome.tick_length};
    missing_since_ms_.reset();
    resyncs_.connected();
    clock_.start(std::to_string(welcome.clock_id), welcome.server_time.time_since_epoch().count(),
                 welcome.ping_interval_ms, received_ms);
    reports_.start(welcome.report_interval_ms, environment_.random(), received_ms);
    if (!welcome.resumed) commands_.restart();
    for (const ClientCommand& command : commands_.sent()) connection_.send(command);
    send_commands();
    events_.changed();
}

bool Session::message(const ServerMessage& message, double received_ms) {
    return std::visit([&](const auto& what) { return on(what, received_ms); }, message);
}

bool Session::on(const Snapshot& snapshot, double) {
    if (oversized(snapshot.fields)) {
        connection_.refuse("a state beyond every limit");
        return false;
    }
    resyncs_.answered();
    // One that newer deltas have overtaken is old news.
    if (connection_.acknowledges() && !mismatched_ && snapshot.epoch == replica_.epoch() &&
        snapshot.version < replica_.version()) {
        acknowledge();
        return true;
    }
    return took_state(replica_.apply(snapshot));
}

bool Session::on(const Delta& delta, double received_ms) {
    if (delta.sent_at) clock_.one_way(delta.sent_at->time_since_epoch().count(), received_ms);
    if (delta.fields.motion) lead_.observe(delta.tick, *delta.fields.motion, replica_.media().instance);
    if (oversized(delta.fields)) {
        connection_.refuse("a state beyond every limit");
        return false;
    }
    return took_state(replica_.apply(delta));
}

bool Session::took_state(Replica::Applied applied) {
    if (applied == Replica::Applied::needs_snapshot) {
        missing();
        return false;
    }
    if (applied != Replica::Applied::unchanged) {
        state_hash_ = replica_.state_hash();
        mismatched_ = applied == Replica::Applied::hash_mismatch;
        missing_since_ms_.reset();
    }
    if (applied == Replica::Applied::hash_mismatch) resync(true);
    acknowledge();
    events_.motion_changed();
    return true;
}

// Also of what was there already: the engine repeats itself because it has not heard. Never of a state that is wrong:
// what came later would be built on it.
void Session::acknowledge() {
    if (connection_.acknowledges() && !mismatched_)
        connection_.send(Ack{replica_.epoch(), replica_.version()}, Importance::may_be_lost);
}

bool Session::oversized(const RoomFields& fields) const {
    if (replica_.viewers().size() + fields.viewers.size() > rows_max) return true;
    if (fields.shared.empty()) return false;
    std::size_t bytes = 0;
    for (const auto& [name, table] : replica_.shared())
        for (const auto& [key, value] : table) bytes += SharedState::bytes_for(key, value);
    for (const SharedEntry& entry : fields.shared)
        if (entry.value) bytes += SharedState::bytes_for(entry.key, *entry.value);
    return bytes > shared_bytes_max;
}

bool Session::on(const Beacon& beacon, double received_ms) {
    if (beacon.fresh) clock_.one_way(beacon.server_time.time_since_epoch().count(), received_ms);
    telemetry_.clear();
    for (const Telemetry& row : beacon.telemetry) telemetry_.insert_or_assign(row.viewer, row);
    distribution_ = beacon.distribution;
    events_.changed();
    if (replica_.version() == Version{0} || beacon.version > replica_.version()) {
        missing();
        return false;
    }
    if (beacon.version == replica_.version() && beacon.state_hash != state_hash_) resync(true);
    return true;
}

bool Session::on(const Pong& pong, double received_ms) {
    clock_.pong(pong.t0_us, pong.t1.time_since_epoch().count(), pong.t2.time_since_epoch().count(), received_ms);
    events_.figures_changed();
    return false;
}

bool Session::on(const Reply& reply, double) {
    if (commands_.answer(reply)) events_.motion_changed();
    return false;
}

bool Session::on(const Event& event, double) {
    events_.event({.kind = static_cast<EventKind>(std::to_underlying(event.kind)),
                   .viewer = event.viewer.value,
                   .position_ms = to_ms(event.position)});
    return false;
}

bool Session::on(const playhead::PluginEvent& event, double) {
    events_.plugin_event({event.plugin, event.name, event.tick.number, event.data});
    return false;
}

void Session::missing() {
    if (!connection_.acknowledges()) return resync(false);
    if (!missing_since_ms_) missing_since_ms_ = environment_.now_ms();
}

void Session::resync(bool mismatch) {
    if (!resyncs_.wanted(mismatch, environment_.now_ms())) return;
    connection_.send(Resync{replica_.version(), state_hash_, mismatch});
}

void Session::connection_changed() {
    if (connection_.status() == RoomStatus::closed) {
        const auto& problem = connection_.problem();
        commands_.refuse_all(problem ? problem->code : ErrorCode::room_closed, problem ? problem->message : "");
    }
    events_.motion_changed();
}

void Session::lost() {
    clock_.stop();
    reports_.stop();
    missing_since_ms_.reset();
}

} // namespace playhead::client
