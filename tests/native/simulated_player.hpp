#pragma once

#include "lib/sync/controller_state.hpp"
#include "lib/sync/motion.hpp"
#include "playhead/player.hpp"

#include <deque>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace playhead::client::test {

// How a simulated player behaves. Units: ms.
struct Behaviour {
    double play_latency_ms = 0;
    double seek_ms = 0;
    double rate_delay_ms = 0;
    // How much faster than told its clock runs, as a fraction.
    double drift = 0;
    std::optional<double> duration_ms = 3'600'000;
    // Its position, as it says it, moves by so much at once.
    double step_ms = 0;
};

// What mpv 0.35.1 costs with a null audio device (reference/players.md, clients/native/mpv), and what its adapter says.
inline constexpr Behaviour mpv{.play_latency_ms = 2, .seek_ms = 34, .rate_delay_ms = 110};
PlayerCapabilities mpv_says();
// One that obeys rates at once, and starts later than its adapter says; the same as in simulated-player.ts.
inline constexpr Behaviour quick{.play_latency_ms = 32, .seek_ms = 34, .rate_delay_ms = 0};
PlayerCapabilities quick_says();
// A browser's costs, of whom the controller needs to be told nothing.
inline constexpr Behaviour chromium{.play_latency_ms = 84, .seek_ms = 30, .rate_delay_ms = 80};
PlayerCapabilities fine();

// A player made of arithmetic: it starts late, seeks take time, rates take effect late, it can stall, hang and drift.
// Positions are exact between events; advance() moves time.
class SimulatedPlayer final : public Player {
  public:
    SimulatedPlayer(Behaviour behaviour, PlayerCapabilities says) : behaviour_(behaviour), says_(std::move(says)) {}

    void advance(double to_ms);
    double now_ms() const { return now_ms_; }
    // When something next happens by itself.
    double next_event_ms() const;
    // What the media really does, whatever is reported.
    double true_position_ms() const { return position_ms_; }

    // Data has run out, or is back.
    void set_stalled(bool stalled) { stalled_ = stalled; }
    // It does not move and does not answer, as a stopped process.
    void set_hung(bool hung);
    // Loses so much time at once, as an audio device that slips does.
    void slip(double lost_ms) { position_ms_ -= lost_ms; }
    // Moves it as its user would.
    void user_seek(double position_ms) { position_ms_ = position_ms; }
    void set_loaded(bool loaded) { loaded_ = loaded; }

    PlayerCapabilities capabilities() const override { return says_; }
    PlayerReport report() override;
    void play() override;
    void pause() override;
    void seek(double position_ms) override;
    void set_rate(double rate, bool preserves_pitch) override;
    bool take_change() override { return std::exchange(changed_, false); }
    std::vector<UserIntent> take_intents() override { return {}; }

    // What was asked of it, and when.
    struct Asked {
        sync::ControllerAction action;
        double at_ms = 0;
    };
    const std::vector<Asked>& asked() const { return asked_; }
    std::size_t count(sync::ControllerAction::Kind kind, std::size_t since = 0) const;

  private:
    bool moves() const { return !paused_ && !stalled_ && !hung_ && now_ms_ >= moves_from_ms_; }
    void note(sync::ControllerAction action);

    Behaviour behaviour_;
    PlayerCapabilities says_;
    std::vector<Asked> asked_;
    double now_ms_ = 0;
    double position_ms_ = 0;
    bool loaded_ = true;
    bool paused_ = true;
    bool stalled_ = false;
    bool hung_ = false;
    bool changed_ = false;
    double rate_ = 1;
    double effective_rate_ = 1;
    struct QueuedRate {
        double at_ms;
        double rate;
    };
    std::deque<QueuedRate> rates_;
    double moves_from_ms_ = std::numeric_limits<double>::infinity();
    double seeking_until_ms_ = -std::numeric_limits<double>::infinity();
    PlayerReport last_answer_;
};

// A playhead of media 1, with its anchor at a server time that is rounded up to a tick.
sync::RoomPlayhead playhead_from(double position_ms, double at_server_ms, bool playing, double rate = 1);

} // namespace playhead::client::test
