#include "native/simulated_player.hpp"

#include <algorithm>
#include <cmath>

namespace playhead::client::test {

using sync::ControllerAction;

PlayerCapabilities fine() { return {.fine_rate = true, .waiting = true}; }

PlayerCapabilities mpv_says() {
    PlayerCapabilities says = fine();
    says.play_latency_ms = 1;
    says.rate_delay_ms = 110;
    says.blind_after_play_ms = 50;
    return says;
}

PlayerCapabilities quick_says() {
    PlayerCapabilities says = fine();
    says.play_latency_ms = 20;
    says.rate_delay_ms = 0;
    says.blind_after_play_ms = 50;
    return says;
}

void SimulatedPlayer::advance(double to_ms) {
    while (now_ms_ < to_ms) {
        double next_ms = to_ms;
        if (moves_from_ms_ > now_ms_) next_ms = std::min(next_ms, moves_from_ms_);
        if (!rates_.empty() && rates_.front().at_ms > now_ms_) next_ms = std::min(next_ms, rates_.front().at_ms);
        if (moves()) position_ms_ += (next_ms - now_ms_) * effective_rate_ * (1 + behaviour_.drift);
        if (now_ms_ < seeking_until_ms_ && seeking_until_ms_ <= next_ms) changed_ = true;
        now_ms_ = next_ms;
        if (!rates_.empty() && rates_.front().at_ms <= now_ms_) {
            effective_rate_ = rates_.front().rate;
            rates_.pop_front();
        }
        if (behaviour_.duration_ms && position_ms_ >= *behaviour_.duration_ms) {
            position_ms_ = *behaviour_.duration_ms;
            paused_ = true;
        }
    }
}

double SimulatedPlayer::next_event_ms() const {
    return seeking_until_ms_ > now_ms_ ? seeking_until_ms_ : std::numeric_limits<double>::infinity();
}

void SimulatedPlayer::set_hung(bool hung) {
    if (hung) report();
    hung_ = hung;
}

PlayerReport SimulatedPlayer::report() {
    if (hung_) return last_answer_;
    const bool seeking = now_ms_ < seeking_until_ms_;
    const double step_ms = behaviour_.step_ms;
    last_answer_ = {.local_ms = now_ms_,
                    .position_ms = step_ms > 0 ? std::floor(position_ms_ / step_ms) * step_ms : position_ms_,
                    .duration_ms = behaviour_.duration_ms,
                    .loaded = loaded_,
                    .ready = !stalled_ && !seeking,
                    .paused = paused_,
                    .seeking = seeking,
                    .ended = behaviour_.duration_ms && position_ms_ >= *behaviour_.duration_ms,
                    .stalled = stalled_ && !paused_,
                    .rate = rate_,
                    .buffer_ms = stalled_ ? 0.0 : 10'000.0};
    return last_answer_;
}

void SimulatedPlayer::play() {
    note({.kind = ControllerAction::Kind::play});
    if (paused_) moves_from_ms_ = now_ms_ + behaviour_.play_latency_ms;
    paused_ = false;
}

void SimulatedPlayer::pause() {
    note({.kind = ControllerAction::Kind::pause});
    paused_ = true;
}

void SimulatedPlayer::seek(double position_ms) {
    note({.kind = ControllerAction::Kind::seek, .position_ms = position_ms});
    position_ms_ = position_ms;
    seeking_until_ms_ = now_ms_ + behaviour_.seek_ms;
    moves_from_ms_ = seeking_until_ms_ + behaviour_.play_latency_ms;
}

void SimulatedPlayer::set_rate(double rate, bool preserves_pitch) {
    note({.kind = ControllerAction::Kind::rate, .rate = rate, .preserves_pitch = preserves_pitch});
    rate_ = rate;
    if (moves() && behaviour_.rate_delay_ms > 0) {
        rates_.push_back({.at_ms = now_ms_ + behaviour_.rate_delay_ms, .rate = rate});
    } else {
        rates_.clear();
        effective_rate_ = rate;
    }
}

void SimulatedPlayer::note(ControllerAction action) {
    asked_.push_back({.action = action, .at_ms = now_ms_});
    changed_ = true;
}

std::size_t SimulatedPlayer::count(ControllerAction::Kind kind, std::size_t since) const {
    const auto from = asked_.begin() + static_cast<std::ptrdiff_t>(std::min(since, asked_.size()));
    return static_cast<std::size_t>(
        std::count_if(from, asked_.end(), [&](const Asked& one) { return one.action.kind == kind; }));
}

sync::RoomPlayhead playhead_from(double position_ms, double at_server_ms, bool playing, double rate) {
    constexpr TickLength length;
    const double ticks = std::ceil(at_server_ms * 1000 / static_cast<double>(length.value.count()));
    return {.media = MediaInstance{1},
            .anchor_position = MediaTime{std::llround(position_ms * 1000)},
            .anchor_tick = Tick{static_cast<std::uint32_t>(ticks)},
            .rate = Rate{static_cast<std::int32_t>(std::lround(rate * 1000))},
            .playing = playing};
}

} // namespace playhead::client::test
