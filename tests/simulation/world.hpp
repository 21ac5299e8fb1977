#pragma once

#include "session/shard.hpp"
#include "simulation/network.hpp"
#include "simulation/viewer.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace playhead::simulation {

// What kind of world. Every random choice in it comes from `seed`.
struct Scenario {
    std::string name;
    std::uint64_t seed = 1;
    int viewers = 6;
    Microseconds duration{60'000'000};
    Microseconds delay_max{120'000}; // one way; each viewer has its own
    Microseconds jitter_max{40'000};
    Microseconds connection_lifetime{0}; // on average; 0 = they hold
    double silent_death = 0;
    double slow_readers = 0; // share of the viewers
    double lossy = 0;        // share of the viewers that come by a way that loses things, as ENet's
    double loss_max = 0.3;   // how much; each has its own
    double second_tabs = 0;  // chance a second that someone opens the room in a second tab
    double stalls = 0;       // chance a second that the engine's thread stands still for up to 400 ms
    bool plugins = false;    // the room has one, and the viewers use it
    double mischief = 0;     // the share of what they ask of it that makes it fail, or kicks somebody
    bool reload = false;     // half-way its next version takes over
    SessionSettings settings;
};

// The whole engine (the Shard and all below it, as shipped), real frames and simulated viewers in one process, on a
// clock that jumps from one event to the next.
class World {
  public:
    explicit World(const Scenario& scenario);

    // Lives through the scenario, calms down, checks, closes. Returns what was wrong, one line each.
    std::vector<std::string> live();

    // The same seed and build give the same hash.
    std::uint64_t hash() const { return hash_; }
    std::size_t commands_said() const;
    std::size_t commands_applied() const;
    std::size_t commands_refused(ErrorCode code) const;
    // What the engine has counted; goes on to say so when the room is gone.
    const Metrics& metrics() { return shard_.metrics(); }
    const PluginFigures& plugin_figures() const { return shard_.plugin_figures(); }

  private:
    void run(Microseconds time);
    void plan_trouble();
    void plan_reload();
    // What the engine says this viewer should have.
    std::uint32_t hash_for(const Viewer& viewer) const;
    Habits random_habits();
    Viewer& add_viewer(const Habits& habits, const std::string& name = {}, bool owner = false);

    void check_agreement();
    void check_late_joiners();
    Viewer& join_late(const std::string& name, bool owner);
    void check_players();
    void check_commands();
    void check_nothing_left();
    void complain(std::string what) { wrong_.push_back(std::move(what)); }
    const RoomState& state() const { return *shard_.state(room_.id); }

    const Scenario scenario_;
    Random random_;  // the world's
    Random secrets_; // the engine's
    Timeline timeline_;
    Shard shard_;
    CreatedRoom room_;
    std::vector<std::unique_ptr<Viewer>>
        viewers_; // the first one is the witness: never in trouble, never says anything
    ServerTime stalled_until_{};
    std::vector<std::string> wrong_;
    std::uint64_t hash_ = 0;
    bool trouble_ = true;
};

} // namespace playhead::simulation
