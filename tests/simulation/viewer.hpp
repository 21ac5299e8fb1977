#pragma once

#include "core/time.hpp"
#include "replication/messages.hpp"
#include "replication/replica.hpp"
#include "session/shard.hpp"
#include "simulation/network.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace playhead::simulation {

// A viewer's own clock: set wrong, and running a little fast or slow.
struct LocalClock {
    Microseconds offset{0};
    std::int64_t drift_ppm = 0;
    std::int64_t at(ServerTime time) const {
        const std::int64_t us = time.time_since_epoch().count();
        return us + offset.count() + us / 1'000'000 * drift_ppm;
    }
};

// What a viewer is like.
struct Habits {
    Quality quality;
    LocalClock clock;
    Microseconds think_time{2'000'000};  // between commands, on average; 0 = only watches
    Microseconds connection_lifetime{0}; // on average until it breaks; 0 = it holds
    Microseconds reading_pause{0};       // every now and then it stops reading for up to this long
    double silent_death = 0;             // the share of breaks of which the engine is not told
    Microseconds back_after{2'000'000};  // a lost viewer returns within this
    bool plugins = false;                // speaks to the room's plugin, too
    double mischief = 0;                 // the share of that which makes plugins fail, or kicks somebody
};

// One command and what became of it.
struct Said {
    ClientCommand command;
    ViewerId viewer;
    std::optional<Reply> reply; // empty: never answered
};

// A client as PROTOCOL.md tells it to be: joins, replicates, asks for the time, follows with a player, commands,
// repeats what was not answered, comes back with its token and version. Checks what it is told, all the time.
class Viewer final : private Wire::Listener {
  public:
    Viewer(Timeline& timeline, Random& random, Shard& shard, CreatedRoom room, std::string name, const Habits& habits);
    ~Viewer();
    Viewer(const Viewer&) = delete;
    Viewer& operator=(const Viewer&) = delete;

    void arrive(); // for the first time
    // No more commands and no more trouble: lets what is under way come to rest.
    void calm_down() { calm_ = true; }
    void leave();
    // A second tab of the same viewer: what this one keeps, on a connection of its own.
    void take_over_from(const Viewer& other);

    bool joined() const { return joined_; }
    bool busy() const { return !unanswered_.empty(); }
    ViewerId id() const { return id_; }
    const Replica& replica() const { return replica_; }
    const std::vector<Said>& said() const { return said_; }
    const std::vector<Event>& events() const { return events_; }
    // Where the picture stands, by the player itself.
    MediaTime player_position() const;
    ServerTime estimated_server_time() const;
    // What was wrong, in words; empty if nothing was.
    const std::vector<std::string>& complaints() const { return complaints_; }
    std::uint64_t trace() const { return trace_; } // a hash over all bytes heard

  private:
    void on_bytes(ByteView bytes) override;
    void on_gone(ErrorCode code) override;
    void on(const Welcome& welcome);
    void on(const Snapshot& snapshot);
    void on(const Delta& delta);
    void on(const Pong& pong);
    void on(const Reply& reply);
    void on(const Event& event) { events_.push_back(event); }
    void on(const PluginEvent& event);
    void on(const Goodbye& goodbye);
    void on(const Beacon& beacon);

    void dial();
    void say(const ClientMessage& message, Delivery delivery = Delivery::reliable);
    // [E6] Over a lossy way: says what it holds now.
    void acknowledge();
    // Something is newer than what is held: waits a little for it to come by itself, then asks.
    void fall_behind(Version seen);
    void ask_if_behind();
    void ping();
    void report();
    void play_on();
    void act();
    Action random_action();
    Action random_plugin_command();
    void suffer();
    void check_version(Epoch epoch, Version version);
    void complain(std::string what) { complaints_.push_back(std::move(what)); }
    // Plans something for later, unless this viewer is gone or has another connection by then.
    void plan(Microseconds delay, void (Viewer::*what)());

    Timeline& timeline_;
    Random& random_;
    Shard& shard_;
    const CreatedRoom room_;
    const std::string name_;
    const Habits habits_;
    std::shared_ptr<Wire> wire_;
    std::uint32_t life_ = 0; // one per connection
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    bool joined_ = false;
    bool calm_ = false;
    bool left_ = false;

    // What a page keeps.
    ViewerId id_;
    std::string resume_token_;
    Replica replica_;
    Version newest_seen_;
    bool asking_ = false; // ask_if_behind() is planned
    std::uint32_t sequence_ = 0;
    std::deque<std::size_t> unanswered_; // places in said_
    std::vector<Said> said_;

    struct ClockSample {
        std::int64_t round_trip;
        std::int64_t offset; // server - local
    };
    std::deque<ClockSample> samples_;

    // The player: where it stood when it was last touched, on the local clock.
    std::int64_t touched_at_ = 0;
    MediaTime touched_position_{0};
    Rate player_rate_;
    bool player_playing_ = false;

    std::vector<Event> events_;
    std::vector<std::string> complaints_;
    std::uint64_t trace_ = 14695981039346656037u;
};

} // namespace playhead::simulation
