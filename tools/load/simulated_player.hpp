#pragma once

#include "playhead/player.hpp"

#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace playhead::load {

// What a kind of player costs, and how finely it says where it is.
//   Units: ms.   Source: reference/players.md; tests/native has the first two, too.
struct PlayerKind {
    std::string_view name;
    double play_latency_ms = 0;
    double seek_ms = 0;
    double rate_delay_ms = 0;
    double step_ms = 0; // its position moves by so much at once
};
inline constexpr PlayerKind player_kinds[] = {
    {.name = "mpv", .play_latency_ms = 2, .seek_ms = 34, .rate_delay_ms = 110, .step_ms = 0},
    {.name = "Chromium", .play_latency_ms = 84, .seek_ms = 30, .rate_delay_ms = 80, .step_ms = 0.1},
    {.name = "Firefox", .play_latency_ms = 84, .seek_ms = 30, .rate_delay_ms = 80, .step_ms = 40},
};

// A player made of arithmetic: it starts late, seeks take time, rates take effect late, and the media's clock is not
// quite the machine's. advance() moves its time. Small, since there are many; tests/native has one that can be hung,
// stalled and asked what it was told.
//   Units: ms of the viewer's clock.   Owner: one Follower.
class SimulatedPlayer final : public client::Player {
  public:
    // `drift`: how much faster than told the media runs, as a fraction.
    SimulatedPlayer(const PlayerKind& kind, double drift, double now_ms)
        : kind_(&kind),
          drift_(drift),
          now_ms_(now_ms) {}

    void advance(double to_ms);
    // What the media really does, whatever is reported.
    double true_position_ms() const { return position_ms_; }
    // When a seek has landed; infinite if none is under way.
    double next_event_ms() const;

    client::PlayerCapabilities capabilities() const override;
    client::PlayerReport report() override;
    void play() override;
    void pause() override;
    void seek(double position_ms) override;
    void set_rate(double rate, bool preserves_pitch) override;
    bool take_change() override { return std::exchange(changed_, false); }
    std::vector<client::UserIntent> take_intents() override { return {}; }

  private:
    bool moves() const { return !paused_ && now_ms_ >= moves_from_ms_; }

    struct LaterRate {
        double at_ms = 0;
        double rate = 1;
    };
    const PlayerKind* kind_;
    double drift_;
    double now_ms_;
    double position_ms_ = 0;
    double rate_ = 1; // as told
    double effective_rate_ = 1;
    std::optional<LaterRate> later_rate_; // one that has been told and shows at some time; a newer one takes its place
    double moves_from_ms_ = std::numeric_limits<double>::infinity();
    double seeking_until_ms_ = -std::numeric_limits<double>::infinity();
    bool paused_ = true;
    bool changed_ = false;
};

} // namespace playhead::load
