#pragma once

#include "lib/sync/clock_driver.hpp"
#include "lib/sync/controller_state.hpp"
#include "playhead/player.hpp"
#include "playhead/sync_status.hpp"

#include <limits>
#include <optional>

namespace playhead::client::sync {

// The first three are constants of sync-loop.ts; tests/vectors/constants.json holds them together. Unit: ms.
namespace loop_constants {
// A start that waits for data for so long counts as a stall.
inline constexpr double starved_ms = 500;
// A player that ran out of data and was stopped is short of it until it has so much ahead again.
inline constexpr double refilled_ms = 1'500;
// What is buffered to so near the end is buffered to the end.
inline constexpr double end_ms = 250;
// How often a stopped player that is short of data is looked at: nothing tells when it has enough.
inline constexpr double refill_look_ms = 250;
// A reading older than this is none: the player does not answer. A hung or stopped program, or a cut connection to it.
inline constexpr double reading_age_ms_max = 150;
// How soon to ask again for a reading that has not come yet.
inline constexpr double reading_gap_ms = 5;
} // namespace loop_constants

// Where the player's room is, as it is at a poll.
struct Surroundings {
    const ServerClock& clock;
    // Empty before the first snapshot, and without media.
    std::optional<RoomMotion> motion;
    TickLength tick_length;
    // Added to the room's position for this source. Unit: ms.
    double source_offset_ms = 0;
};

// Keeps one player with its room: the thin driver of the sync controller. Reads the player, steps the controller when
// it wants to be stepped or something has changed, and does what it says; what can be decided is decided in
// controller.hpp.
//   Units: milliseconds of the steady clock, as doubles.
//   Owner: whoever attached the player, and polls; destroying it leaves the player as it is.
class SyncLoop {
  public:
    explicit SyncLoop(Player& player) : player_(player) {}
    SyncLoop(const SyncLoop&) = delete;
    SyncLoop& operator=(const SyncLoop&) = delete;

    // Looks at the player if it is time to, or if the room's motion or the player has changed. True when it has looked:
    // status() may be another then. A caller who polls later than next_poll_ms() makes starts and corrections so much
    // later.
    bool poll(double now_ms, const Surroundings& surroundings);
    double next_poll_ms() const { return poked_ ? stepped_at_ms_ : wake_at_ms_; }

    // Something else has changed (the clock, the network): look at the next poll.
    void poke() { poked_ = true; }
    // While a person scrubs, the player is theirs.
    void set_user_acting(bool acting);

    const SyncStatus& status() const { return status_; }

  private:
    void decide(const PlayerReport& report, const PlayerCapabilities& capabilities, const Surroundings& surroundings);
    bool is_starved(Phase phase, const PlayerReport& report);
    void perform(const ControllerAction& action);

    Player& player_;
    ControllerState state_;
    SyncStatus status_;
    std::optional<RoomMotion> motion_;
    bool poked_ = true;
    double wake_at_ms_ = 0;
    double stepped_at_ms_ = -std::numeric_limits<double>::infinity();
    bool acting_ = false;
    std::optional<double> starved_since_ms_;
    bool short_ = false;
};

} // namespace playhead::client::sync
