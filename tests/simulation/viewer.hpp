#pragma once

#include "core/time.hpp"
#include "replication/messages.hpp"
#include "replication/replica.hpp"
#include "session/shard.hpp"
#include "simulation/follower.hpp"
#include "simulation/invariant.hpp"
#include "simulation/network.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace playhead::simulation {

// A viewer's own steady clock: it began some time, and runs a little fast or slow.
struct LocalClock {
    Microseconds offset{0};
    std::int64_t drift_ppm = 0;
    double ms_at(ServerTime time) const {
        const auto us = static_cast<double>(time.time_since_epoch().count());
        return (us + static_cast<double>(offset.count()) + us * static_cast<double>(drift_ppm) / 1e6) / 1000;
    }
    ServerTime when(double ms) const {
        const double us =
            (ms * 1000 - static_cast<double>(offset.count())) / (1 + static_cast<double>(drift_ppm) / 1e6);
        return ServerTime{Microseconds{std::llround(us)}};
    }
};

extern const std::vector<PlayerKind> player_kinds;

// What a viewer is like.
struct Habits {
    Quality quality;
    LocalClock clock;
    Microseconds think_time{2'000'000};  // between commands, on average; 0 = only watches
    Microseconds connection_lifetime{0}; // on average until it breaks; 0 = it holds
    Microseconds reading_pause{0};       // every now and then it stops reading for up to this long
    double silent_death = 0;             // the share of breaks of which the engine is not told
    double half_open = 0;                // and of those of which the viewer is not
    Microseconds clog{0};                // instead of a break, now and then nothing passes for up to this long
    bool lies = false;                   // says that it acted long ago, or will have
    Microseconds sleep{0};               // every now and then its clock stands still for up to this: the machine slept
    std::size_t player = 0;              // which of player_kinds
    double media_drift = 0;              // how much faster than told the media runs, as a fraction
    Microseconds stall{0};               // every now and then its player has no data for up to this long
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

// How many messages of each kind were heard, in the order of ServerMessage.
using Heard = std::array<std::uint64_t, std::variant_size_v<ServerMessage>>;

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
    void calm_down();
    void leave();
    // A second tab of the same viewer: what this one keeps, on a connection of its own. Its commands are numbered from
    // `sequence` on, since a tab does not know what the other one has said meanwhile.
    void take_over_from(const Viewer& other, std::uint32_t sequence);

    bool joined() const { return joined_; }
    std::string in_words() const;                           // who this is, and what is the matter with it
    ServerTime welcomed_at() const { return welcomed_at_; } // the last time
    bool busy() const { return !unanswered_.empty(); }
    ViewerId id() const { return id_; }
    std::uint32_t sequence() const { return sequence_; }
    const Replica& replica() const { return replica_; }
    const std::vector<Said>& said() const { return said_; }
    const std::vector<Event>& events() const { return events_; }
    const Heard& heard() const { return heard_; }
    std::uint64_t messages_said() const { return messages_said_; }
    bool lossy() const { return habits_.quality.lossy; }
    // For how long its way has taken nothing more.
    Microseconds wire_full_for() const { return wire_ ? wire_->full_for() : Microseconds{0}; }
    // Where the picture stands, by the player itself.
    MediaTime player_position() { return follower_.position(local_ms()); }
    Microseconds player_bound() const { return follower_.kind().bound; }
    // When its player last had data again.
    ServerTime refilled_at() const { return refilled_at_; }
    ServerTime estimated_server_time() const;
    // What was wrong; empty if nothing was.
    const std::vector<Complaint>& complaints() const { return complaints_.all(); }
    // What it has met: answers, goodbyes and events by kind, and troubles of its own.
    const std::map<std::string, std::uint64_t>& met() const { return met_; }
    std::uint64_t trace() const { return trace_; } // a hash over all bytes heard

  private:
    void on_bytes(ByteView bytes) override;
    void on_gone(ErrorCode code) override;
    void on(const Welcome& welcome);
    void on(const Snapshot& snapshot);
    void on(const Delta& delta);
    void on(const Pong& pong);
    void on(const Reply& reply);
    void on(const Event& event);
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
    double local_ms() const { return habits_.clock.ms_at(timeline_.now()); }
    void follow();
    void report();
    void stall();
    void refill();
    void act();
    Action random_action();
    Action random_plugin_command();
    void suffer();
    void check_version(Epoch epoch, Version version);
    void check_tick(Tick tick);
    void read_on();
    void listen();
    void sleep();
    void complain(Invariant invariant, std::string what) { complaints_.add(invariant, std::move(what)); }
    // Plans something for later, unless this viewer is gone or has another connection by then.
    void plan(Microseconds delay, void (Viewer::*what)());

    Timeline& timeline_;
    Random& random_;
    Shard& shard_;
    const CreatedRoom room_;
    const std::string name_;
    Habits habits_;
    std::shared_ptr<Wire> wire_;
    std::uint32_t life_ = 0; // one per connection
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    bool joined_ = false;
    bool calm_ = false;
    bool left_ = false;
    bool reading_ = true;
    ServerTime last_heard_{};
    ServerTime welcomed_at_{};
    std::string last_goodbye_;

    // What a page keeps.
    ViewerId id_;
    std::string resume_token_;
    Replica replica_;
    Version newest_seen_;
    Tick newest_tick_;
    bool asking_ = false; // ask_if_behind() is planned
    std::uint32_t sequence_ = 0;
    std::deque<std::size_t> unanswered_; // places in said_
    std::vector<Said> said_;

    Follower follower_;
    ServerTime refilled_at_{};

    std::vector<Event> events_;
    Heard heard_{};
    std::uint64_t messages_said_ = 0;
    std::map<std::string, std::uint64_t> met_;
    Complaints complaints_;
    std::uint64_t trace_ = 14695981039346656037u;
};

} // namespace playhead::simulation
