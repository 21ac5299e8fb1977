#include "simulation/world.hpp"

#include "recording/reader.hpp"
#include "recording/replay.hpp"
#include "replication/state_hash.hpp"
#include "simulation/ward.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

namespace playhead::simulation {
namespace {

using std::chrono::seconds;

// Who has everything is looked at so often.
constexpr Microseconds look_interval{250'000};
// Longer than it takes until the dead are noticed, everyone is back and every answer has come; beside silence_timeout.
constexpr Microseconds rest{22'000'000};
// A player is in step so long after its viewer was welcomed.
constexpr Microseconds settle{3'000'000};
// The room is asked to be silent for so long.
constexpr Microseconds silence{5'000'000};
// Who takes nothing is closed with the next survey.
constexpr Microseconds survey_interval{2'000'000};

template <class Message>
std::uint64_t heard(const Viewer& viewer) {
    return viewer.heard().at(ServerMessage{Message{}}.index());
}

RoomRequest request_for(std::string_view name) {
    RoomRequest request;
    request.id = RoomId::parse(name).value();
    request.title = "World";
    request.media = Load{};
    request.media->url = "/media/first.mp4";
    return request;
}

RoomRequest request(const Scenario& scenario) {
    RoomRequest request = request_for("world");
    if (scenario.plugins) request.plugins = scenario.waits ? ward_that_waits() : ward();
    return request;
}

// So short that a recording of a minute has several.
constexpr std::size_t part_bytes_max = 128 * 1024;

RecordingRules recording_rules(const Scenario& scenario, recording::Store& store) {
    return {.store = &store,
            .engine = "simulation",
            .all = scenario.recorded == Scenario::Recorded::from_the_start,
            .left_out = scenario.recorded_without_names,
            .part_bytes_max = part_bytes_max};
}

// By what it is known that an action has happened: each target is said once in a world. Empty: not to be told.
using Happening = std::pair<EventKind, std::int64_t>;
std::optional<Happening> happening_of(const Action& action) {
    if (const auto* seek = std::get_if<Seek>(&action)) return Happening{EventKind::sought, seek->to.count()};
    if (const auto* load = std::get_if<Load>(&action)) return Happening{EventKind::loaded, load->start.count()};
    return std::nullopt;
}

} // namespace

World::World(const Scenario& scenario)
    : scenario_(scenario),
      random_(scenario.seed),
      secrets_(scenario.seed ^ 0x5EC2E7),
      shard_(scenario.settings, TickLength{}, EngineRun{scenario.seed, {}}, timeline_, secrets_),
      room_([&] {
          shard_.use_recordings(recording_rules(scenario, recordings_));
          return shard_.create(request(scenario)).value();
      }()) {
    Habits witness;
    witness.think_time = Microseconds{0};
    witness.quality = Quality{Microseconds{1000}, Microseconds{1000}, Microseconds{0}, 1 << 20};
    add_viewer(witness);
    for (int i = 0; i < scenario.viewers; ++i) add_viewer(random_habits(), {}, scenario.plugins && i == 0);
    for (int i = 0; i < scenario.hostile; ++i)
        hostile_.push_back(std::make_unique<Hostile>(timeline_, random_, shard_, room_));
    for (int i = 0; i < scenario.neighbours; ++i) {
        CreatedRoom room = shard_.create(request_for("next" + std::to_string(i))).value();
        auto viewer = std::make_unique<Viewer>(timeline_, random_, shard_, room, "neighbour", witness);
        neighbours_.push_back({.room = std::move(room), .viewer = std::move(viewer)});
    }
}

Viewer& World::add_viewer(const Habits& habits, const std::string& name, bool owner) {
    CreatedRoom room = room_;
    if (owner) room.join_token = room.owner_token;
    const std::string called = name.empty() ? "viewer" + std::to_string(viewers_.size()) : name;
    viewers_.push_back(std::make_unique<Viewer>(timeline_, random_, shard_, room, called, habits));
    return *viewers_.back();
}

Habits World::random_habits() {
    Habits habits;
    const Microseconds zero{0};
    habits.quality.delay_up = random_.between(zero, scenario_.delay_max);
    habits.quality.delay_down = habits.quality.delay_up; // asymmetry is invisible to any clock exchange
    habits.quality.jitter = random_.between(zero, scenario_.jitter_max);
    habits.clock.offset = random_.between(Microseconds{600'000'000}, Microseconds{3'600'000'000});
    habits.clock.drift_ppm = random_.between(-50, 50);
    habits.think_time = scenario_.think_time;
    habits.connection_lifetime = scenario_.connection_lifetime;
    habits.silent_death = scenario_.silent_death;
    habits.half_open = scenario_.half_open;
    habits.clog = scenario_.clog_max;
    habits.lies = scenario_.liars > 0 && random_.chance(scenario_.liars);
    if (scenario_.sleepers > 0 && random_.chance(scenario_.sleepers)) habits.sleep = seconds{10};
    habits.player = static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(player_kinds.size()) - 1));
    habits.media_drift = static_cast<double>(random_.between(-100, 100)) / 1e6;
    if (scenario_.stalling_players > 0 && random_.chance(scenario_.stalling_players)) habits.stall = seconds{10};
    habits.plugins = scenario_.plugins;
    habits.mischief = scenario_.mischief;
    if (random_.chance(scenario_.slow_readers)) {
        // Answers to pings and beacons are 400 bytes a second, and must have room within the longest round trip.
        habits.quality.capacity_bytes = static_cast<std::size_t>(random_.between(300, 2000));
        habits.reading_pause = Microseconds{4'000'000};
    }
    if (scenario_.never_readers > 0 && random_.chance(scenario_.never_readers)) {
        habits.quality.capacity_bytes = static_cast<std::size_t>(random_.between(1000, 2000));
        habits.reading_pause = Microseconds{40'000'000};
    }
    if (scenario_.lossy > 0 && random_.chance(scenario_.lossy)) {
        habits.quality.lossy = true;
        habits.quality.loss = static_cast<double>(random_.between(0, 100)) / 100 * scenario_.loss_max;
    }
    return habits;
}

// Time goes on; ticks are run as app/server runs them, fan-out between them.
void World::run(Microseconds time) {
    const ServerTime until = timeline_.now() + time;
    while (timeline_.now() < until) {
        const ServerTime due = std::max(shard_.run_due(), stalled_until_);
        while (shard_.fan_out_slice()) {
        }
        look();
        timeline_.run_until(std::min(due, until));
    }
}

void World::look() {
    watch_.look(shard_.metrics(), shard_.plugin_figures());
    if (shard_.state(room_.id) == nullptr) return;
    watch_.look(state(), timeline_.now());
    if (timeline_.now() < looked_at_ + look_interval) return;
    looked_at_ = timeline_.now();
    for (const auto& viewer : viewers_) {
        if (!viewer || !viewer->joined()) continue;
        if (viewer->replica().version() == state().version && viewer->replica().epoch() == state().epoch)
            check_state(*viewer);
        if (viewer->wire_full_for() > scenario_.settings.slow_time_max + survey_interval)
            complain(Invariant::limits, "who takes nothing was not closed");
    }
}

void World::check_state(const Viewer& viewer) {
    if (!state().viewers.contains(viewer.id())) return; // its goodbye is on its way
    if (viewer.replica().state_hash() != hash_for(viewer))
        complain(Invariant::same_state, "a viewer's state hash differs from the server's");
    const Audience audience = audience_of(state().viewers.at(viewer.id()).roles);
    for (const auto& [name, entries] : viewer.replica().shared()) {
        const SharedTable* table = state().shared.find(name);
        if (table != nullptr && table->audience() > audience)
            complain(Invariant::levels, "[P2] somebody has what is not for them");
    }
}

void World::plan_trouble() {
    if (!trouble_) return;
    if (random_.chance(scenario_.stalls))
        stalled_until_ = timeline_.now() + random_.between(Microseconds{0}, Microseconds{400'000});
    if (random_.chance(scenario_.second_tabs)) {
        const auto whose = static_cast<std::size_t>(random_.between(1, static_cast<std::int64_t>(viewers_.size()) - 1));
        const Viewer& first = *viewers_[whose];
        if (first.joined()) {
            // Beyond whatever any tab of it has said: two that say different things under one number are not meant.
            std::uint32_t newest = 0;
            for (const auto& viewer : viewers_)
                if (viewer->id() == first.id()) newest = std::max(newest, viewer->sequence());
            add_viewer(random_habits()).take_over_from(first, newest + 500);
        }
    }
    timeline_.after(seconds{1}, [this] { plan_trouble(); });
}

void World::plan_reload() {
    timeline_.after(scenario_.duration / 2, [this] {
        const auto next = scenario_.waits ? ward_that_waits("1.1.0") : ward("1.1.0");
        shard_.reload({nullptr, {{room_.id, next}}}, [this](const PluginReload& reload) {
            if (!reload.ok() || reload.rooms_swapped != 1) complain(Invariant::protocol, "the reload was refused");
        });
    });
}

// While its plugins have not been through with something it cannot begin.
void World::plan_recording() {
    const auto begun = shard_.record(room_.id, scenario_.recorded_without_names);
    if (begun) ++coverage_["recorded from some time on"];
    if (!begun) timeline_.after(Microseconds{70'000}, [this] { plan_recording(); });
}

// Which ends the recording that is being written; what was written before stays good.
void World::plan_full_disk() {
    timeline_.after(random_.between(Microseconds{0}, scenario_.duration), [this] {
        recordings_.bytes_max = 0;
        timeline_.after(random_.between(Microseconds{0}, Microseconds{seconds{3}}),
                        [this] { recordings_.bytes_max = test::MemoryStore::no_end; });
    });
}

std::vector<Complaint> World::live() {
    for (std::size_t i = 0; i < viewers_.size(); ++i) {
        // Nobody comes at the same time, and some come late.
        const Microseconds when =
            i == 0 ? Microseconds{0} : random_.between(Microseconds{100'000}, scenario_.duration / 2);
        timeline_.after(when, [viewer = viewers_[i].get()] { viewer->arrive(); });
    }
    for (const auto& hostile : hostile_) hostile->begin();
    for (Neighbour& neighbour : neighbours_) {
        neighbour.viewer->arrive();
        timeline_.after(settle, [this, &neighbour] { neighbour.version = shard_.state(neighbour.room.id)->version; });
    }
    plan_trouble();
    if (scenario_.reload) plan_reload();
    if (scenario_.recorded == Scenario::Recorded::from_some_time)
        timeline_.after(scenario_.duration / 3, [this] { plan_recording(); });
    if (scenario_.full_disk) plan_full_disk();
    run(scenario_.duration);

    trouble_ = false;
    for (const auto& viewer : viewers_) viewer->calm_down();
    for (const auto& hostile : hostile_) hostile->stop();
    run(scenario_.settings.silence_timeout + rest);
    // Whoever was unlucky again on the way back has more time; and then it is quiet for a moment.
    for (int i = 0; i < 40 && joined() < expected(); ++i) run(seconds{1});
    run(settle);
    // On the narrowest wires even a beacon takes a moment to leave, and a plugin may come back from its suspension now.
    const auto behind = [&](const auto& viewer) {
        return viewer->joined() && viewer->replica().version() != state().version;
    };
    for (int i = 0; i < 40 && (shard_.metrics().slow_sessions != 0 || std::ranges::any_of(viewers_, behind)); ++i)
        run(Microseconds{50'000});
    check_agreement();
    check_players();
    check_commands();
    check_silence();
    check_neighbours();
    check_late_joiners();
    for (const auto& viewer : viewers_) {
        wrong_.add(viewer->complaints(), "viewer " + std::to_string(viewer->id().value));
        for (const auto& [what, times] : viewer->met()) coverage_[what] += times;
        operations_ += viewer->messages_said();
        hash_ = hash_ * 31 + viewer->trace();
    }
    for (const auto& hostile : hostile_) {
        wrong_.add(hostile->complaints(), "a hostile one");
        for (const auto& [what, times] : hostile->met()) coverage_["hostile: " + what] += times;
        operations_ += hostile->messages_said();
    }
    hash_ = hash_ * 31 + StateHash::of(state());
    check_nothing_left();
    check_recordings();
    return wrong_.all();
}

std::size_t World::joined() const {
    return static_cast<std::size_t>(std::ranges::count_if(viewers_, [](const auto& v) { return v->joined(); }));
}

// Not those who came as a second tab: of two, one is replaced.
std::size_t World::expected() const { return 1 + static_cast<std::size_t>(scenario_.viewers); }

std::uint32_t World::hash_for(const Viewer& viewer) const {
    const auto row = state().viewers.find(viewer.id());
    return StateHash::of(state(), row == state().viewers.end() ? Audience::everyone : audience_of(row->second.roles));
}

void World::check_agreement() {
    for (const auto& viewer : viewers_) {
        if (!viewer->joined()) continue;
        if (viewer->busy()) complain(Invariant::answered, "a command was never answered");
        if (viewer->replica().version() != state().version)
            complain(Invariant::same_state, "a viewer is behind in silence");
        if (!state().viewers.contains(viewer->id()))
            complain(Invariant::counts, "a viewer is connected whom the room does not know");
        check_state(*viewer);
    }
    if (!viewers_.front()->joined()) complain(Invariant::everyone_back, "the witness was lost");
    if (joined() < expected()) {
        complain(Invariant::everyone_back, "not everyone came back");
        for (const auto& viewer : viewers_)
            if (!viewer->joined()) complain(Invariant::everyone_back, viewer->in_words() + " is not there");
    }
    const Metrics& metrics = shard_.metrics();
    if (metrics.sessions != joined() + neighbours_.size())
        complain(Invariant::counts, "sessions: " + std::to_string(metrics.sessions) +
                                        ", joined: " + std::to_string(joined()) + " and neighbours");
    if (metrics.sessions != connections_alive())
        complain(Invariant::counts, "there are more connections than sessions");
    if (metrics.viewers != state().viewers.size() + neighbours_.size())
        complain(Invariant::counts, "viewers are counted who are not there, or the other way round");
    if (metrics.slow_sessions != 0) complain(Invariant::counts, "someone is still slow");
    if (hostile_.empty() && metrics.hash_mismatches_total != 0)
        complain(Invariant::same_state, "hash mismatches were reported");
    if (hostile_.empty() && metrics.malformed_messages_total != 0)
        complain(Invariant::protocol, "malformed messages were counted");
}

// [S3] As long as nothing changes. Plugins may change something by themselves, and places that were kept end.
void World::check_silence() {
    const Version version = state().version;
    const std::uint32_t hash = StateHash::of(state(), Audience::owner);
    std::vector<Heard> before;
    for (const auto& viewer : viewers_) before.push_back(viewer->heard());
    const ServerTime until = timeline_.now() + silence;
    while (timeline_.now() < until) {
        run(Microseconds{50'000});
        if (StateHash::of(state(), Audience::owner) != hash) return;
    }
    ++coverage_["a quiet room"];
    if (state().version != version) complain(Invariant::quiet_rooms, "a version was given although nothing changed");
    for (std::size_t i = 0; i < viewers_.size(); ++i) {
        const Viewer& viewer = *viewers_[i];
        if (!viewer.joined()) continue;
        Heard after = viewer.heard();
        for (std::size_t kind = 0; kind < after.size(); ++kind) after[kind] -= before[i][kind];
        const std::uint64_t beacons = std::exchange(after.at(ServerMessage{Beacon{}}.index()), 0);
        after.at(ServerMessage{Pong{}}.index()) = 0;                      // as often as it asks
        if (viewer.lossy()) after.at(ServerMessage{Delta{}}.index()) = 0; // [E6] repeated until they are acknowledged
        for (std::size_t kind = 0; kind < after.size(); ++kind) {
            if (after[kind] == 0) continue;
            complain(Invariant::quiet_rooms, std::to_string(after[kind]) + " messages of kind " + std::to_string(kind) +
                                                 " were sent to " + viewer.in_words() + " in a quiet room");
        }
        // Five of them, and what jitter and repetition make of that.
        if (beacons > 6U * (viewer.lossy() ? 2 : 1)) complain(Invariant::quiet_rooms, "there were too many beacons");
        if (i == 0 && beacons < 4) complain(Invariant::quiet_rooms, "there were too few beacons");
    }
}

void World::check_players() {
    const ServerTime now = timeline_.now();
    const Playhead& playhead = state().motion.value().at(TickLength{}.at(now));
    const MediaTime truth = playhead.position_at(now, TickLength{});
    for (const auto& viewer : viewers_) {
        if (!viewer->joined() || viewer->welcomed_at() + settle > now) continue;
        // What its kind can do, and what jitter does to the clock estimate.
        const Microseconds bound = viewer->player_bound() + scenario_.jitter_max / 2;
        if (std::chrono::abs(viewer->player_position() - truth) > bound)
            complain(Invariant::players_in_step,
                     "a player is " + std::to_string((viewer->player_position() - truth).count()) + " us off");
        if (std::chrono::abs(viewer->estimated_server_time() - now) > Microseconds{5'000} + scenario_.jitter_max / 2)
            complain(Invariant::players_in_step, "a clock estimate is off");
    }
}

// The witness hears every event. What was answered applied happened once; what was refused or superseded, never; what
// was never answered (its author was gone for good), at most once.
void World::check_commands() {
    std::map<Happening, int> happened;
    for (const Event& event : viewers_.front()->events()) ++happened[{event.kind, event.position.count()}];
    for (const auto& viewer : viewers_) {
        for (const Said& said : viewer->said()) {
            const auto happening = happening_of(said.command.action);
            if (!happening) continue;
            const int times = happened[*happening];
            const std::string how = " was applied " + std::to_string(times) + " times";
            // [R8] Asked again after its answer was forgotten, since another tab has said much meanwhile: that tells
            // nothing.
            const bool unknown = !said.reply || said.reply->error.code == ErrorCode::sequence;
            if (unknown) {
                if (times > 1) complain(Invariant::applied_once, "a command that was never answered" + how);
            } else if (said.reply->verdict == Verdict::applied) {
                if (times != 1) complain(Invariant::applied_once, "a command that was answered applied" + how);
            } else if (said.reply->verdict == Verdict::superseded) {
                if (times != 0) complain(Invariant::nothing_superseded, "a command that was superseded" + how);
            } else if (times != 0) {
                complain(Invariant::denials_hold, "a command that was refused" + how);
            }
        }
    }
    check_order();
}

// What one viewer asked for happens in the order in which it asked.
void World::check_order() {
    std::map<std::pair<ViewerId, Happening>, std::uint32_t> asked;
    for (const auto& viewer : viewers_) {
        for (const Said& said : viewer->said())
            if (const auto happening = happening_of(said.command.action))
                asked[{said.viewer, *happening}] = said.command.sequence;
    }
    std::map<ViewerId, std::uint32_t> last;
    for (const Event& event : viewers_.front()->events()) {
        const auto found = asked.find({event.viewer, {event.kind, event.position.count()}});
        if (found == asked.end()) continue;
        if (found->second < std::exchange(last[event.viewer], found->second))
            complain(Invariant::stated_order, "what a viewer asked for later happened earlier");
    }
}

// Whatever happens in the room, in the one beside it nothing does.
void World::check_neighbours() {
    for (const Neighbour& neighbour : neighbours_) {
        const Viewer& viewer = *neighbour.viewer;
        const RoomState& room = *shard_.state(neighbour.room.id);
        if (!viewer.joined() || heard<Welcome>(viewer) != 1)
            complain(Invariant::everyone_back, "a neighbour lost its connection");
        if (viewer.busy() || room.version != neighbour.version || viewer.replica().version() != room.version)
            complain(Invariant::quiet_rooms, "something changed in a room where nobody did anything");
        if (viewer.replica().state_hash() != StateHash::of(room))
            complain(Invariant::same_state, "a neighbour has another state than its room");
        hash_ = hash_ * 31 + viewer.trace();
        wrong_.add(viewer.complaints(), "a neighbour");
    }
}

Viewer& World::join_late(const std::string& name, bool owner) {
    Habits habits;
    habits.think_time = Microseconds{0};
    Viewer& late = add_viewer(habits, name, owner);
    late.arrive();
    return late;
}

// [P2] One of each level; whoever has that level from before has the same.
void World::check_late_joiners() {
    Viewer& guest = join_late("late", false);
    Viewer& moderator = join_late("+late", false);
    Viewer& owner = join_late("owner late", true);
    run(seconds{4});
    const Replica& present = viewers_.front()->replica();
    const Replica& fresh = guest.replica();
    if (!guest.joined() || fresh.version() != present.version() || fresh.info() != present.info() ||
        fresh.media() != present.media() || fresh.motion() != present.motion() ||
        fresh.viewers() != present.viewers() || fresh.viewer_count() != present.viewer_count() ||
        fresh.shared() != present.shared())
        complain(Invariant::late_joiner, "a late joiner's state differs from a present viewer's");
    for (const Viewer* late : {&guest, &moderator, &owner}) {
        if (!late->joined()) complain(Invariant::late_joiner, "a late joiner is not there");
        if (late->replica().state_hash() != hash_for(*late))
            complain(Invariant::late_joiner, "a late joiner's state differs from the server's");
        for (const auto& other : viewers_) {
            if (!other->joined() || hash_for(*other) != hash_for(*late)) continue;
            if (other->replica().version() != late->replica().version()) continue; // something is on its way
            if (other->replica().shared() != late->replica().shared())
                complain(Invariant::levels, "two viewers of one level do not see the same of the plugins");
        }
    }
    if (!scenario_.plugins) return;
    const bool levels = owner.replica().shared().contains(TableName{"ward", "seal"}) ||
                        !state().shared.find(TableName{"ward", "seal"}) ||
                        state().shared.find(TableName{"ward", "seal"})->entries().empty();
    if (!levels) complain(Invariant::levels, "an owner does not see what is for owners");
    if (moderator.replica().shared().contains(TableName{"ward", "seal"}) ||
        guest.replica().shared().contains(TableName{"ward", "staff"}))
        complain(Invariant::levels, "[P2] somebody sees what is not for them");
}

void World::check_nothing_left() {
    for (std::size_t i = 0; i < viewers_.size(); ++i) {
        if (i % 2 == 0) {
            viewers_[i]->leave();
        } else {
            viewers_[i].reset(); // dies without a word
        }
    }
    for (const Neighbour& neighbour : neighbours_) neighbour.viewer->leave();
    // What the dead have said last may be on its way for as long as that is clogged, and where it is lost again and
    // again.
    run(scenario_.clog_max + scenario_.settings.silence_timeout + scenario_.settings.viewer_grace + seconds{20});
    const Metrics& metrics = shard_.metrics();
    if (metrics.sessions != 0 || metrics.viewers != 0 || metrics.slow_sessions != 0)
        complain(Invariant::nothing_left, std::to_string(metrics.sessions) + " sessions and " +
                                              std::to_string(metrics.viewers) + " viewers were left");
    if (const RoomState* room = shard_.state(room_.id)) { // else it has gone already
        for (const auto& [id, member] : room->viewers)
            complain(Invariant::nothing_left, "viewer " + std::to_string(id.value) + ", " + member.name + ", was left");
        if (!room->roster.rows().empty()) complain(Invariant::nothing_left, "rows of the roster were left");
    }
    if (connections_alive() != 0) complain(Invariant::nothing_left, "connections were left");
    run(scenario_.settings.empty_room_expiry + seconds{1});
    if (shard_.find(room_.id) || metrics.rooms != 0) complain(Invariant::nothing_left, "the room was left");
    const PluginFigures& figures = shard_.plugin_figures();
    if (figures.lua_states != 0 || figures.lua_bytes != 0) complain(Invariant::nothing_left, "an interpreter was left");
    for (const auto& [plugin, figure] : figures.plugins) {
        if (figure.rooms != 0 || figure.suspended_rooms != 0 || figure.memory_bytes != 0 || figure.state_bytes != 0)
            complain(Invariant::nothing_left, "what " + plugin + " has taken was not given back");
    }
}

std::uint64_t World::operations() const { return operations_; }

std::map<std::string, std::uint64_t> World::coverage() {
    const Metrics& metrics = shard_.metrics();
    auto coverage = coverage_;
    const auto count = [&](const char* what, std::uint64_t times) {
        if (times > 0) coverage[what] += times;
    };
    count("applied", metrics.commands_applied_total);
    count("superseded", metrics.commands_superseded_total);
    count("refused", metrics.commands_refused_total);
    count("ticks skipped", metrics.ticks_skipped_total);
    count("snapshots", metrics.snapshots_encoded_total);
    count("deltas", metrics.deltas_encoded_total);
    count("updates repeated", metrics.updates_repeated_total);
    count("became slow", metrics.slow_sessions_total);
    count("closed as slow", metrics.slow_closed_total);
    count("resumed", metrics.sessions_resumed_total);
    count("refused at the door", metrics.sessions_refused_total);
    count("hello waited", metrics.hello_wait.count());
    count("hello turned away", metrics.hellos_turned_away_total);
    count("malformed", metrics.malformed_messages_total);
    count("signals", metrics.signals_total);
    count("kicks", metrics.kicks_total);
    for (const auto& [plugin, figure] : shard_.plugin_figures().plugins) {
        count("plugin suspended", figure.suspensions_total);
        for (const auto& [hook, cost] : figure.hooks)
            if (cost.calls > 0) coverage["hook " + hook] += cost.calls;
    }
    return coverage;
}

std::size_t World::commands_said() const {
    std::size_t count = 0;
    for (const auto& viewer : viewers_)
        if (viewer) count += viewer->said().size();
    return count;
}

std::size_t World::commands_applied() const {
    std::size_t count = 0;
    for (const auto& viewer : viewers_)
        if (viewer)
            count += static_cast<std::size_t>(std::ranges::count_if(viewer->said(), [](const Said& said) {
                return said.reply && said.reply->verdict == Verdict::applied;
            }));
    return count;
}

std::size_t World::commands_refused(ErrorCode code) const {
    std::size_t count = 0;
    for (const auto& viewer : viewers_)
        if (viewer)
            count += static_cast<std::size_t>(std::ranges::count_if(viewer->said(), [&](const Said& said) {
                return said.reply && said.reply->verdict == Verdict::refused && said.reply->error.code == code;
            }));
    return count;
}

// Each part stands for itself, as far as it has been written.
void World::check_recordings() {
    for (const auto& file : recordings_.files) {
        if (scenario_.torn_files)
            file->bytes.resize(
                static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(file->bytes.size()))));
        check_recording(*file);
    }
    if (scenario_.recorded != Scenario::Recorded::no && recordings_.files.empty())
        complain(Invariant::same_again, "nothing was recorded");
}

void World::check_recording(const test::MemoryStore::File& file) {
    const auto wrong = [&](const std::string& what) { complain(Invariant::same_again, file.name + ": " + what); };
    std::unique_ptr<recording::Replay> replay;
    bool closed = false;
    recording::Reader reader{file.bytes};
    auto record = reader.next();
    for (; record && *record; record = reader.next()) {
        if (const auto* opening = std::get_if<recording::Opening>(&**record)) {
            auto made = recording::Replay::of(*opening);
            if (!made) return wrong(made.error());
            replay = *std::move(made);
        }
        closed = std::holds_alternative<recording::Closing>(**record);
        const auto* turn = std::get_if<recording::Turn>(&**record);
        if (turn == nullptr) continue;
        ++coverage_["turns replayed"];
        for (const recording::Difference& difference : replay->run(*turn).differences)
            return wrong("tick " + std::to_string(turn->tick.number) + ": " + difference.what + ": " +
                         difference.recorded + " and now " + difference.replayed);
    }
    if (!record) return wrong(record.error().message);
    if (reader.torn_bytes() > 0) ++coverage_["torn recordings replayed"];
    if (reader.torn_bytes() > 0 && !scenario_.torn_files) wrong("it is torn");
    if (file.lost) ++coverage_["recordings that a full disk ended"];
    if (file.lost && closed) wrong("it says that it is whole, and is not");
    if (!file.lost && !closed && !scenario_.torn_files) wrong("it has no end");
}

} // namespace playhead::simulation
