#pragma once

#include "lib/sync/sync_loop.hpp"
#include "native/simulated_player.hpp"

#include <functional>
#include <optional>

namespace playhead::client::test {

// A clock that is known, and off by what the test says. Units: ms.
struct KnownClock final : sync::ServerClock {
    double offset_ms = 100'000;
    double error_ms = 0;
    bool settled = true;
    std::optional<double> server_now(double local_ms) const override {
        if (!settled) return std::nullopt;
        return local_ms + offset_ms + error_ms;
    }
    std::optional<double> rough_server_now(double local_ms) const override { return local_ms + offset_ms; }
};

// One viewer in virtual time: a room that is told what to do, a player, and the sync loop between them, polled like a
// program would.
class SimulatedViewer {
  public:
    explicit SimulatedViewer(Behaviour behaviour = mpv, PlayerCapabilities says = mpv_says())
        : player(behaviour, std::move(says)),
          loop(player) {}

    SimulatedPlayer player;
    KnownClock clock;
    sync::SyncLoop loop;
    std::optional<sync::RoomMotion> motion;
    // How much later than it asked the loop is polled.
    double late_ms = 0;
    std::size_t looks = 0;

    double now_ms() const { return player.now_ms(); }
    double server_ms() const { return now_ms() + clock.offset_ms; }
    // Player minus room, by the true clocks.
    double true_error_ms() const;

    // Plays with the room for a while.
    void settle_in();
    // The room is paused at a position, or agrees to play from one after a lead. Gives the local time of the start.
    void pause_room(double position_ms);
    double schedule_play(double position_ms, double lead_ms);

    void run(double for_ms, const std::function<void()>& watch = {});
    // How long from now until the true error stays within the limit, over the next milliseconds.
    double settle_ms(double for_ms, double limit_ms = 10);
    // The largest true error meanwhile.
    double worst_ms(double for_ms);

  private:
    void look();
};

} // namespace playhead::client::test
