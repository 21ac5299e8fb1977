#include "simulated_player.hpp"

#include <algorithm>
#include <cmath>

namespace playhead::load {

void SimulatedPlayer::advance(double to_ms) {
    while (now_ms_ < to_ms) {
        double next_ms = to_ms;
        if (moves_from_ms_ > now_ms_) next_ms = std::min(next_ms, moves_from_ms_);
        if (later_rate_ && later_rate_->at_ms > now_ms_) next_ms = std::min(next_ms, later_rate_->at_ms);
        if (moves()) position_ms_ += (next_ms - now_ms_) * effective_rate_ * (1 + drift_);
        if (now_ms_ < seeking_until_ms_ && seeking_until_ms_ <= next_ms) changed_ = true;
        now_ms_ = next_ms;
        if (later_rate_ && later_rate_->at_ms <= now_ms_) {
            effective_rate_ = later_rate_->rate;
            later_rate_.reset();
        }
    }
}

double SimulatedPlayer::next_event_ms() const {
    return seeking_until_ms_ > now_ms_ ? seeking_until_ms_ : std::numeric_limits<double>::infinity();
}

client::PlayerCapabilities SimulatedPlayer::capabilities() const {
    return {.fine_rate = true,
            .rate_steps = {},
            .clock_resolution_ms = kind_->step_ms,
            .waiting = true,
            .play_latency_ms = {},
            .rate_delay_ms = {},
            .blind_after_play_ms = {}};
}

client::PlayerReport SimulatedPlayer::report() {
    const bool seeking = now_ms_ < seeking_until_ms_;
    const double step_ms = kind_->step_ms;
    return {.local_ms = now_ms_,
            .position_ms = step_ms > 0 ? std::floor(position_ms_ / step_ms) * step_ms : position_ms_,
            .duration_ms = {}, // it never ends
            .loaded = true,
            .ready = !seeking,
            .paused = paused_,
            .seeking = seeking,
            .rate = rate_,
            .buffer_ms = 10'000};
}

void SimulatedPlayer::play() {
    changed_ = true;
    if (paused_) moves_from_ms_ = std::max(now_ms_, seeking_until_ms_) + kind_->play_latency_ms;
    paused_ = false;
}

void SimulatedPlayer::pause() {
    changed_ = true;
    paused_ = true;
}

void SimulatedPlayer::seek(double position_ms) {
    changed_ = true;
    position_ms_ = position_ms;
    seeking_until_ms_ = now_ms_ + kind_->seek_ms;
    moves_from_ms_ = seeking_until_ms_ + kind_->play_latency_ms;
}

void SimulatedPlayer::set_rate(double rate, bool) {
    changed_ = true;
    rate_ = rate;
    if (moves() && kind_->rate_delay_ms > 0) {
        later_rate_ = LaterRate{.at_ms = now_ms_ + kind_->rate_delay_ms, .rate = rate};
    } else {
        later_rate_.reset();
        effective_rate_ = rate;
    }
}

} // namespace playhead::load
