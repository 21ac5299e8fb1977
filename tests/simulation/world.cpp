#include "simulation/world.hpp"

#include "replication/state_hash.hpp"
#include "simulation/ward.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

namespace playhead::simulation {
namespace {

using std::chrono::seconds;

RoomRequest request(const Scenario& scenario) {
    RoomRequest request;
    request.id = RoomId::parse("world").value();
    request.title = "World";
    request.media = Load{};
    request.media->url = "/media/first.mp4";
    if (scenario.plugins) request.plugins = ward();
    return request;
}

} // namespace

World::World(const Scenario& scenario)
    : scenario_(scenario),
      random_(scenario.seed),
      secrets_(scenario.seed ^ 0x5EC2E7),
      shard_(scenario.settings, TickLength{}, EngineRun{scenario.seed, {}}, timeline_, secrets_),
      room_(shard_.create(request(scenario)).value()) {
    Habits witness;
    witness.think_time = Microseconds{0};
    witness.quality = Quality{Microseconds{1000}, Microseconds{1000}, Microseconds{0}, 1 << 20};
    add_viewer(witness);
    for (int i = 0; i < scenario.viewers; ++i) add_viewer(random_habits(), {}, scenario.plugins && i == 0);
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
    habits.clock.offset = random_.between(Microseconds{-3'600'000'000}, Microseconds{3'600'000'000});
    habits.clock.drift_ppm = random_.between(-50, 50);
    habits.connection_lifetime = scenario_.connection_lifetime;
    habits.silent_death = scenario_.silent_death;
    habits.plugins = scenario_.plugins;
    habits.mischief = scenario_.mischief;
    if (random_.chance(scenario_.slow_readers)) {
        habits.quality.capacity_bytes = static_cast<std::size_t>(random_.between(50, 2000));
        habits.reading_pause = Microseconds{4'000'000};
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
        timeline_.run_until(std::min(due, until));
    }
}

void World::plan_trouble() {
    if (!trouble_) return;
    if (random_.chance(scenario_.stalls))
        stalled_until_ = timeline_.now() + random_.between(Microseconds{0}, Microseconds{400'000});
    if (random_.chance(scenario_.second_tabs)) {
        const auto whose = static_cast<std::size_t>(random_.between(1, static_cast<std::int64_t>(viewers_.size()) - 1));
        const Viewer& first = *viewers_[whose];
        if (first.joined()) add_viewer(random_habits()).take_over_from(first);
    }
    timeline_.after(seconds{1}, [this] { plan_trouble(); });
}

void World::plan_reload() {
    timeline_.after(scenario_.duration / 2, [this] {
        shard_.reload({nullptr, {{room_.id, ward("1.1.0")}}}, [this](const PluginReload& reload) {
            if (!reload.ok() || reload.rooms_swapped != 1) complain("the reload was refused");
        });
    });
}

std::vector<std::string> World::live() {
    for (std::size_t i = 0; i < viewers_.size(); ++i) {
        // Nobody comes at the same time, and some come late.
        const Microseconds when =
            i == 0 ? Microseconds{0} : random_.between(Microseconds{100'000}, scenario_.duration / 2);
        timeline_.after(when, [viewer = viewers_[i].get()] { viewer->arrive(); });
    }
    plan_trouble();
    if (scenario_.reload) plan_reload();
    run(scenario_.duration);

    trouble_ = false;
    for (const auto& viewer : viewers_) viewer->calm_down();
    run(seconds{50}); // longer than silence_timeout: the dead are noticed, everyone is back, every answer has come
    // On the narrowest wires even a beacon takes a moment to leave, and a plugin may come back from its suspension now.
    const auto behind = [&](const auto& viewer) {
        return viewer->joined() && viewer->replica().version() != state().version;
    };
    for (int i = 0; i < 40 && (shard_.metrics().slow_sessions != 0 || std::ranges::any_of(viewers_, behind)); ++i)
        run(Microseconds{50'000});
    check_agreement();
    check_players();
    check_commands();
    check_late_joiners();
    for (const auto& viewer : viewers_) {
        for (const std::string& complaint : viewer->complaints())
            complain("viewer " + std::to_string(viewer->id().value) + ": " + complaint);
        hash_ = hash_ * 31 + viewer->trace();
    }
    hash_ = hash_ * 31 + StateHash::of(state());
    check_nothing_left();
    return wrong_;
}

std::uint32_t World::hash_for(const Viewer& viewer) const {
    const auto row = state().viewers.find(viewer.id());
    return StateHash::of(state(), row == state().viewers.end() ? Audience::everyone : audience_of(row->second.roles));
}

void World::check_agreement() {
    for (const auto& viewer : viewers_) {
        if (!viewer->joined()) continue;
        if (viewer->busy()) complain("a command was never answered");
        if (viewer->replica().version() != state().version) complain("a viewer is behind in silence");
        if (viewer->replica().state_hash() != hash_for(*viewer))
            complain("a viewer's state hash differs from the server's");
    }
    if (!viewers_.front()->joined()) complain("the witness was lost");
    const auto joined =
        static_cast<std::size_t>(std::ranges::count_if(viewers_, [](const auto& v) { return v->joined(); }));
    if (joined < 1 + static_cast<std::size_t>(scenario_.viewers)) complain("not everyone came back");
    const Metrics& metrics = shard_.metrics();
    if (metrics.sessions != joined)
        complain("sessions: " + std::to_string(metrics.sessions) + ", joined: " + std::to_string(joined));
    if (metrics.slow_sessions != 0) complain("someone is still slow");
    if (metrics.hash_mismatches_total != 0) complain("hash mismatches were reported");
    if (metrics.malformed_messages_total != 0) complain("malformed messages were counted");
    if (state().viewer_count.value() != state().viewers.size()) complain("the viewer count is not what is there");
}

void World::check_players() {
    const ServerTime now = timeline_.now();
    const Playhead& playhead = state().motion.value().at(TickLength{}.at(now));
    const MediaTime truth = playhead.position_at(now, TickLength{});
    for (const auto& viewer : viewers_) {
        if (!viewer->joined()) continue;
        // The controller's tolerance, what passes between two looks of it, and what jitter does to the clock estimate.
        const Microseconds bound = Microseconds{25'000} + scenario_.jitter_max;
        if (std::chrono::abs(viewer->player_position() - truth) > bound)
            complain("a player is " + std::to_string((viewer->player_position() - truth).count()) + " us off");
        if (std::chrono::abs(viewer->estimated_server_time() - now) > Microseconds{5'000} + scenario_.jitter_max / 2)
            complain("a clock estimate is off");
    }
}

// The witness hears every event. What was answered applied happened once; what was refused or superseded, never; what
// was never answered (its author was gone for good), at most once.
void World::check_commands() {
    std::map<std::pair<EventKind, std::int64_t>, int> happened;
    for (const Event& event : viewers_.front()->events()) ++happened[{event.kind, event.position.count()}];
    for (const auto& viewer : viewers_) {
        for (const Said& said : viewer->said()) {
            std::pair<EventKind, std::int64_t> key;
            if (const auto* seek = std::get_if<Seek>(&said.command.action)) {
                key = {EventKind::sought, seek->to.count()};
            } else if (const auto* load = std::get_if<Load>(&said.command.action)) {
                key = {EventKind::loaded, load->start.count()};
            } else {
                continue;
            }
            const int times = happened[key];
            if (!said.reply) {
                if (times > 1) complain("a command that was never answered was applied more than once");
            } else if (times != (said.reply->verdict == Verdict::applied ? 1 : 0)) {
                complain("a command answered " + std::to_string(std::to_underlying(said.reply->verdict)) +
                         " was applied " + std::to_string(times) + " times");
            }
        }
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
    Viewer& moderator = join_late("mod late", false);
    Viewer& owner = join_late("owner late", true);
    run(seconds{4});
    const Replica& present = viewers_.front()->replica();
    const Replica& fresh = guest.replica();
    if (!guest.joined() || fresh.version() != present.version() || fresh.info() != present.info() ||
        fresh.media() != present.media() || fresh.motion() != present.motion() ||
        fresh.viewers() != present.viewers() || fresh.viewer_count() != present.viewer_count() ||
        fresh.shared() != present.shared())
        complain("a late joiner's state differs from a present viewer's");
    for (const Viewer* late : {&guest, &moderator, &owner}) {
        if (!late->joined()) complain("a late joiner is not there");
        if (late->replica().state_hash() != hash_for(*late))
            complain("a late joiner's state differs from the server's");
        for (const auto& other : viewers_) {
            if (!other->joined() || hash_for(*other) != hash_for(*late)) continue;
            if (other->replica().shared() != late->replica().shared())
                complain("two viewers of one level do not see the same of the plugins");
        }
    }
    if (!scenario_.plugins) return;
    const bool levels = owner.replica().shared().contains(TableName{"ward", "seal"}) ||
                        !state().shared.find(TableName{"ward", "seal"}) ||
                        state().shared.find(TableName{"ward", "seal"})->entries().empty();
    if (!levels) complain("an owner does not see what is for owners");
    if (moderator.replica().shared().contains(TableName{"ward", "seal"}) ||
        guest.replica().shared().contains(TableName{"ward", "staff"}))
        complain("[P2] somebody sees what is not for them");
}

void World::check_nothing_left() {
    for (std::size_t i = 0; i < viewers_.size(); ++i) {
        if (i % 2 == 0) {
            viewers_[i]->leave();
        } else {
            viewers_[i].reset(); // dies without a word
        }
    }
    run(scenario_.settings.silence_timeout + scenario_.settings.viewer_grace + seconds{10});
    const Metrics& metrics = shard_.metrics();
    if (metrics.sessions != 0 || metrics.viewers != 0 || metrics.slow_sessions != 0)
        complain("sessions or viewers were left");
    if (!state().viewers.empty() || !state().roster.rows().empty()) complain("members were left");
    if (connections_alive() != 0) complain("connections were left");
    run(scenario_.settings.empty_room_expiry + seconds{1});
    if (shard_.find(room_.id) || metrics.rooms != 0) complain("the room was left");
    const PluginFigures& figures = shard_.plugin_figures();
    if (figures.lua_states != 0 || figures.lua_bytes != 0) complain("an interpreter was left");
    for (const auto& [plugin, figure] : figures.plugins) {
        if (figure.rooms != 0 || figure.suspended_rooms != 0 || figure.memory_bytes != 0 || figure.state_bytes != 0)
            complain("what " + plugin + " has taken was not given back");
    }
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

} // namespace playhead::simulation
