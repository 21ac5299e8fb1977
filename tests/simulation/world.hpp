#pragma once

#include "recording/memory_store.hpp"
#include "session/shard.hpp"
#include "simulation/hostile.hpp"
#include "simulation/invariant.hpp"
#include "simulation/network.hpp"
#include "simulation/viewer.hpp"
#include "simulation/watch.hpp"

#include <cstdint>
#include <map>
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
    Microseconds think_time{2'000'000};  // between a viewer's commands, on average
    Microseconds connection_lifetime{0}; // on average; 0 = they hold
    double silent_death = 0;
    double half_open = 0;
    Microseconds clog_max{0};    // every now and then a viewer's way passes nothing for up to this long
    double slow_readers = 0;     // share of the viewers
    double never_readers = 0;    // share of the viewers that stop reading until they are closed for it
    double liars = 0;            // share of the viewers that say that they acted at other times than they did
    double sleepers = 0;         // share of the viewers whose machine sleeps now and then, for up to ten seconds
    double stalling_players = 0; // share of the viewers whose player has no data now and then, for up to ten seconds
    int hostile = 0;             // beside the viewers, those that do what no client does
    double lossy = 0;            // share of the viewers that come by a way that loses things, as ENet's
    double loss_max = 0.3;       // how much; each has its own
    double second_tabs = 0;      // chance a second that someone opens the room in a second tab
    double stalls = 0;           // chance a second that the engine's thread stands still for up to 400 ms
    bool plugins = false;        // the room has one, and the viewers use it
    bool waits = false;          // and waits for those whose player stalls, as the plugin `ready` has it
    double mischief = 0;         // the share of what they ask of it that makes it fail, or kicks somebody
    bool reload = false;         // half-way its next version takes over
    enum class Recorded : std::uint8_t { no, from_the_start, from_some_time };
    Recorded recorded = Recorded::no;
    bool recorded_without_names = false;
    bool full_disk = false;  // for a while recordings cannot be written
    bool torn_files = false; // what is replayed ends anywhere, as after a power cut
    int neighbours = 0;      // other rooms on the shard, where nobody does anything
    SessionSettings settings;
};

// The whole engine (the Shard and all below it, as shipped), real frames and simulated viewers in one process, on a
// clock that jumps from one event to the next.
class World {
  public:
    explicit World(const Scenario& scenario);
    // Of the room; one part behind the other.
    const test::MemoryStore& recordings() const { return recordings_; }

    // Lives through the scenario, calms down, checks, closes. Returns what was wrong.
    std::vector<Complaint> live();

    // The same seed and build give the same hash.
    std::uint64_t hash() const { return hash_; }
    // What was asked of the engine.
    std::uint64_t operations() const;
    // How long the world has been.
    Microseconds lived() const { return timeline_.now().time_since_epoch(); }
    // Which states were reached, and how often: what viewers met, and what the engine counted.
    std::map<std::string, std::uint64_t> coverage();
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
    void plan_recording();
    void plan_full_disk();
    // What the engine says this viewer should have.
    std::uint32_t hash_for(const Viewer& viewer) const;
    Habits random_habits();
    Viewer& add_viewer(const Habits& habits, const std::string& name = {}, bool owner = false);

    std::size_t joined() const;
    std::size_t expected() const;

    void look();
    // Of who has all there is: now, or at rest.
    void check_state(const Viewer& viewer);
    void check_agreement();
    void check_silence();
    void check_late_joiners();
    void check_neighbours();
    Viewer& join_late(const std::string& name, bool owner);
    void check_players();
    void check_commands();
    void check_order();
    void check_nothing_left();
    void check_recordings();
    void check_recording(const test::MemoryStore::File& file);
    void complain(Invariant invariant, std::string what) { wrong_.add(invariant, std::move(what)); }
    const RoomState& state() const { return *shard_.state(room_.id); }

    const Scenario scenario_;
    Random random_;  // the world's
    Random secrets_; // the engine's
    Timeline timeline_;
    test::MemoryStore recordings_;
    Shard shard_;
    CreatedRoom room_;
    std::vector<std::unique_ptr<Viewer>>
        viewers_; // the first one is the witness: never in trouble, never says anything
    std::vector<std::unique_ptr<Hostile>> hostile_;
    // A room next door and who watches there.
    struct Neighbour {
        CreatedRoom room;
        std::unique_ptr<Viewer> viewer;
        Version version{}; // of the room, once its viewer is there
    };
    std::vector<Neighbour> neighbours_;
    ServerTime stalled_until_{};
    ServerTime looked_at_{};
    Complaints wrong_;
    Watch watch_{wrong_};
    std::map<std::string, std::uint64_t> coverage_;
    std::uint64_t operations_ = 0;
    std::uint64_t hash_ = 0;
    bool trouble_ = true;
};

} // namespace playhead::simulation
