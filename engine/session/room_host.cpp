#include "session/room_host.hpp"

#include "replication/encode.hpp"
#include "session/lead.hpp"
#include "session/telemetry.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <tuple>
#include <utility>

// The room's tick. What it works on comes from the other files: messages, viewers, plugins.
namespace playhead {
namespace {

constexpr Microseconds beacon_interval{1'000'000};

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

RoomHost::RoomHost(RoomId id, RoomInfo info, const RoomKeys& keys, bool permanent, Epoch epoch,
                   std::shared_ptr<const PluginSet> plugins, std::uint64_t seed, ShardContext& shard)
    : shard_(shard),
      id_(std::move(id)),
      keys_(keys),
      permanent_(permanent),
      plugins_(std::move(plugins)),
      room_([&] {
          const PluginTime::Turn turn{shard.plugin_time, cost_, plugins_, PluginTime::Turn::Kind::setup};
          return RuledRoom{epoch,
                           std::move(info),
                           shard.tick_length,
                           plugins_,
                           seed,
                           {&shard.plugin_figures, &shard.plugin_time, id_.text(), &shard.lua_memory}};
      }()),
      broadcast_(room_.state(), shard.metrics),
      due_(this),
      lead_(lead_for({}, shard.tick_length)),
      surveyed_at_(shard.clock.now()),
      empty_since_(shard.clock.now()) {
    beacon_tick_ = next_beacon_after(shard.next_tick);
    broadcast_.observe(shard.next_tick);
    ++shard_.metrics.rooms;
    wake();
    // A room that nobody is in can always be recorded.
    if (shard_.recording.store != nullptr && shard_.recording.all) std::ignore = record(false);
}

RoomHost::~RoomHost() {
    shard_.due.cancel(due_);
    end_recording("the room ends");
    --shard_.metrics.rooms;
    shard_.metrics.viewers -= places_.size();
    shard_.metrics.sessions -= fan_out_.size();
    shard_.metrics.drift_viewers -= drift_;
}

std::optional<Error> RoomHost::load(const Load& load) {
    Command command;
    command.issued.physical = shard_.clock.now();
    command.action = load;
    const PluginTime::Turn turn{shard_.plugin_time, cost_, plugins_, PluginTime::Turn::Kind::setup};
    const auto outcome = room_.apply(command, shard_.next_tick, lead_);
    if (outcome && outcome->verdict == Verdict::refused) return outcome->error;
    room_.take_events(); // nobody is here to be told
    room_.commit();
    broadcast_.observe(shard_.next_tick);
    wake();
    return std::nullopt;
}

// ---- A tick

void RoomHost::run(Tick tick, std::uint32_t missed) {
    const ServerTime now = shard_.clock.now();
    keep_recording(tick);
    load_plugins(tick);
    std::optional<PluginTime::Turn> turn;
    if (has_plugins()) turn.emplace(shard_.plugin_time, cost_, plugins_, PluginTime::Turn::Kind::tick);
    if (const auto waited = std::exchange(waits_, std::nullopt))
        missed = waited->missed + (tick.number - waited->since.number);
    gone_.clear();
    for (const ViewerId viewer : places_.lost_since(now - shard_.settings.viewer_grace, leaves_per_tick_max))
        remove_place(viewer, LeaveReason::lost);

    // Inputs, in the order in which they arrived, plugins' hooks around each; then what plugins have planned, once each
    // however many ticks were missed; then time itself.
    tell_wall_time(tick, now);
    std::vector<Outcome> outcomes;
    std::vector<Input> inputs = std::exchange(inputs_, {});
    for (auto input = inputs.begin(); input != inputs.end(); ++input) {
        auto outcome = room_.apply(*input, tick, lead_);
        if (outcome && outcome->undecided) { // what is behind it must not overtake it
            inputs_.assign(std::move_iterator{input}, std::move_iterator{inputs.end()});
            break;
        }
        if (outcome) outcomes.push_back(*std::move(outcome));
    }
    room_.advance(tick, missed, lead_);
    pace_newcomers();

    const Version before = broadcast_.version();
    bool news = room_.commit() != before;
    broadcast_.observe(tick);
    news |= tell_events();
    for (const PluginRequestOut& request : room_.take_requests())
        std::visit([&](const auto& wanted) { carry_out(wanted); }, request);
    std::optional<Beacon> beacon;
    if (tick >= beacon_tick_) {
        beacon_tick_ = next_beacon_after(tick);
        beacon = survey(now);
        broadcast_.set_beacon(*beacon);
        news = true;
    }
    if (recorder_) write_down(outcomes, now, beacon);

    for (const Outcome& outcome : outcomes) answer(outcome, tick);
    for (const ViewerId viewer : std::exchange(newcomers_, {}))
        if (Session* session = session_of(viewer)) welcome(*session, now);
    tell_viewers(std::exchange(personal_, {}));
    for (const ViewerId viewer : std::exchange(owed_, {}))
        if (Session* session = session_of(viewer)) fan_out_.one(*session);
    for (const ViewerId viewer : broadcast_.take_unsettled()) {
        Session* session = session_of(viewer);
        if (session && session->outbox.unsettled()) fan_out_.one(*session);
    }
    if (news) fan_out_.everyone();
    send();
    room_.collect_garbage();
    turn.reset();
    rest(tick);

    if (const auto due = next_due(tick)) shard_.due.schedule(due_, *due);
}

bool RoomHost::tell_events() {
    bool news = false;
    for (const Event& event : room_.take_events()) {
        broadcast_.tell(event);
        news = true;
    }
    for (PluginEvent& event : room_.take_plugin_events()) {
        if (event.only != ViewerId{0}) {
            personal_.push_back(std::move(event));
            continue;
        }
        broadcast_.tell(event);
        news = true;
    }
    return news;
}

// [S9] Behind the welcomes: what a plugin tells somebody who has just come is heard.
void RoomHost::tell_viewers(const std::vector<PluginEvent>& events) {
    for (const PluginEvent& event : events) {
        Session* session = session_of(event.only);
        if (!session) continue;
        session->outbox.tell(encode(ServerMessage{event}), event.lossy);
        owed_.push_back(event.only);
    }
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
    const Reply reply{outcome.sequence,      outcome.verdict, outcome.error,  tick,
                      room_.state().version, outcome.plugin,  outcome.reason, outcome.data};
    if (!session->outbox.reply(encode(ServerMessage{reply})))
        return close(*session, {ErrorCode::slow, "too many answers wait to be read"}, true);
    owed_.push_back(outcome.viewer);
}

Beacon RoomHost::survey(ServerTime now) {
    const MediaInstance media = room_.state().media.value().instance;
    const Microseconds report_interval = pace().report_interval;
    std::vector<Telemetry> rows;
    std::vector<Microseconds> delays;
    DriftHistogram drift;
    std::uint32_t slow_sessions = 0;
    // Who seems silent or slow may have spoken and read while it was us who did not run (the process was stopped, or
    // the machine): what has come meanwhile is read before the next survey, which judges.
    const bool was_away = now - std::exchange(surveyed_at_, now) > 2 * beacon_interval;
    fan_out_.for_each([&](Session& session) {
        if (auto closing = was_away ? std::nullopt : session.protocol.on_time(now))
            return close(session, closing->error, closing->resumable);
        if (!was_away && session.outbox.too_slow(session.connection(), now, shard_.settings)) {
            ++shard_.metrics.slow_closed_total;
            return close(session, {ErrorCode::slow, "the connection does not take what the room sends"}, true);
        }
        if (session.protocol.phase() != Protocol::Phase::joined) return;
        slow_sessions += session.outbox.lane() == Outbox::Lane::lagging;
        if (const auto row = session.figures.telemetry(session.protocol.viewer(), media, now, report_interval)) {
            drift.add(row->drift);
            rows.push_back(*row);
        }
        if (session.figures.delay().known()) delays.push_back(session.figures.delay().bound());
    });
    note(drift, slow_sessions);
    lead_ = lead_for(delays, shard_.tick_length);
    Beacon beacon;
    beacon.server_time = now;
    add_telemetry(beacon, std::move(rows), fan_out_.size());
    return beacon;
}

// For whoever runs the engine: the survey has looked at everyone already.
void RoomHost::note(const DriftHistogram& drift, std::uint32_t slow_sessions) {
    shard_.metrics.drift_viewers -= std::exchange(drift_, drift);
    shard_.metrics.drift_viewers += drift;
    slow_sessions_ = slow_sessions;
}

void RoomHost::send() {
    // A tick sends for a bounded time, and not to a wide room: the rest goes on between ticks.
    if (!wide() && shard_.clock.now() < shard_.sends_until) send_at_once();
}

bool RoomHost::wide() const { return fan_out_.size() > shard_.settings.fresh_viewers_max; }

// So few are told in one go that the frames' stamp is true for all of them.
bool RoomHost::send_at_once() {
    broadcast_.written_at(shard_.clock.now());
    const bool done = fan_out_.run(broadcast_, shard_.clock, ServerTime::max(), shard_.metrics, shard_.relays);
    broadcast_.written_at(std::nullopt);
    return done;
}

bool RoomHost::fan_out(ServerTime deadline) {
    const bool done =
        wide() ? fan_out_.run(broadcast_, shard_.clock, deadline, shard_.metrics, shard_.relays) : send_at_once();
    if (broadcast_.someone_unsettled()) wake();
    return done;
}

std::size_t RoomHost::writer_of_next() const {
    if (!shard_.relays || fan_out_.size() < shard_.settings.relayed_viewers_min) return 0;
    return fan_out_.least_loaded(shard_.relays->relays());
}

bool RoomHost::expired(ServerTime now) const {
    return !permanent_ && empty() && now - empty_since_ >= shard_.settings.empty_room_expiry;
}

std::optional<Tick> RoomHost::next_due(Tick tick) const {
    std::optional<Tick> due = next_change(room_.state(), shard_.tick_length, tick);
    const auto at = [&](Tick other) { due = due ? std::min(*due, other) : other; };
    const auto at_time = [&](ServerTime time) { at(std::max(shard_.tick_length.at_or_after(time), tick + 1)); };
    if (!inputs_.empty() || !owed_.empty() || broadcast_.someone_unsettled()) at(tick + 1);
    if (const auto planned = room_.next_due(tick)) at(std::max(*planned, tick + 1));
    if (const auto sleeps = room_.sleeps_at()) at(std::max(*sleeps, tick + 1));
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
