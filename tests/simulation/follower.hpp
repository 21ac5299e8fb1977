#pragma once

#include "lib/sync/clock_driver.hpp"
#include "lib/sync/sync_loop.hpp"
#include "native/simulated_player.hpp"
#include "replication/messages.hpp"
#include "room/playhead.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace playhead::simulation {

// A kind of player, what its adapter says of it, and how far from the playhead it may be once nothing disturbs it.
struct PlayerKind {
    std::string_view name;
    client::test::Behaviour behaviour;
    client::PlayerCapabilities says;
    Microseconds bound;
};

// A player and what keeps it with its room: the clock and the sync loop of the native client, as shipped.
//   Units: ms of the viewer's own steady clock.   Owner: one Viewer.
class Follower {
  public:
    // `media_drift`: how much faster than told the media runs, as a fraction.
    Follower(const PlayerKind& kind, double media_drift, double now_ms);
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;

    // ---- what the engine says
    void welcome(const Welcome& welcome, double now_ms);
    void lost() { clock_.stop(); }
    void pong(const Pong& pong, double now_ms);
    void one_way(ServerTime sent, double now_ms);
    // Empty without media.
    void motion(const std::optional<Motion>& motion) { motion_ = motion; }

    // ---- what happens at the viewer's
    void set_stalled(bool stalled, double now_ms);
    // Looks whether the machine has slept, as told by a clock that has not.
    void check_sleep(double now_ms, double wall_ms) { clock_.check_sleep(now_ms, wall_ms); }

    // Drives the player.
    void poll(double now_ms);
    // When to come back for that, or for a ping.
    double next_ms() const;
    std::optional<Ping> due_ping(double now_ms, std::size_t viewers);
    Report report(Version version, MediaInstance media, double now_ms) const;

    // What the player's media really does.
    MediaTime position(double now_ms);
    // The engine's time, as well as it is known; nothing before the first welcome.
    std::optional<ServerTime> server_time(double now_ms) const;
    const PlayerKind& kind() const { return kind_; }

  private:
    const PlayerKind& kind_;
    client::test::SimulatedPlayer player_;
    client::sync::ClockDriver clock_;
    client::sync::SyncLoop loop_{player_};
    std::optional<Motion> motion_;
};

} // namespace playhead::simulation
