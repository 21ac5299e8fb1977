#pragma once

#include "lib/sync/clock_driver.hpp"
#include "lib/sync/motion.hpp"
#include "lib/sync/sync_loop.hpp"
#include "local_clock.hpp"
#include "replication/messages.hpp"
#include "simulated_player.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace playhead::load {

// Where a room's playhead is, seen by who knows the engine's clock: how far its time is from ours, and what its state
// says.
struct RoomTruth {
    Nanoseconds zero_ns = 0; // when the engine's time began, by the clock of all processes
    client::sync::RoomMotion motion;
    TickLength tick_length;

    double server_ms(Nanoseconds now) const { return static_cast<double>(now - zero_ns) / 1e6; }
    bool plays(Nanoseconds now) const;
    double position_ms(Nanoseconds now) const;
};

// One player and the client library's own clock and sync loop that keep it with its room, on a clock of its own that is
// ahead by up to an hour and runs up to 100 ppm fast or slow; as does the media.
//   Units: what comes in and goes out is of the true clock.   Owner: one Viewer.   Sans I/O.
class Follower {
  public:
    static constexpr double offset_ms_max = 3'600'000;
    static constexpr double drift_max = 100e-6;

    // `seed` makes it the kind of player that it is, and sets its clocks.
    Follower(std::uint64_t seed, Nanoseconds now);
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;

    // ---- what the engine says
    void welcome(const Welcome& welcome, Nanoseconds now);
    void motion(const client::sync::RoomMotion& motion) { motion_ = motion; }
    void one_way(ServerTime sent, Nanoseconds now);
    void pong(const Pong& pong, Nanoseconds now);

    // Drives the player.
    void poll(Nanoseconds now);
    // The ping that is due in a room of so many, if one is.
    std::optional<Ping> due_ping(Nanoseconds now, std::size_t viewers);
    // When to come back to these two.
    Nanoseconds next(Nanoseconds now) const;
    // Of a task that is under way for next(), so that there are not ever more; 0: none.
    Nanoseconds planned = 0;

    Report report(Version version, MediaInstance media, Nanoseconds now) const;

    // It plays with the room, as far as it knows: it is not on its way to somewhere else.
    bool follows() const;
    // How far ahead of the room the player is.   Unit: ms.
    double ahead_ms(const RoomTruth& truth, Nanoseconds now);

    const LocalClock& clock() const { return clock_; }
    const PlayerKind& kind() const { return *kind_; }

  private:
    const PlayerKind* kind_;
    LocalClock clock_;
    SimulatedPlayer player_;
    client::sync::ClockDriver driver_;
    client::sync::SyncLoop loop_{player_};
    std::optional<client::sync::RoomMotion> motion_;
    TickLength tick_length_;
};

} // namespace playhead::load
