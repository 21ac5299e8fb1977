#include "lib/sync/rate.hpp"

#include "lib/sync/constants.hpp"

#include <algorithm>
#include <cmath>

namespace playhead::client::sync {

namespace k = constants;

namespace {

// The room's rate when a write made now will show.
double room_rate(const Draft& draft) {
    const ControllerInput& input = draft.input;
    if (!input.motion || !input.server_ms) return 1;
    const double shows_at_ms = *input.server_ms + (has_fine_rate(draft) ? rate_delay_ms(draft) : 0);
    return playhead_at(*input.motion, shows_at_ms, input.tick_length).rate.permille / 1000.0;
}

double nearest_step(const std::vector<double>& steps, double rate) {
    double nearest = steps.empty() ? 1 : steps.front();
    for (const double step : steps) {
        if (std::abs(step - rate) < std::abs(nearest - rate)) nearest = step;
    }
    return nearest;
}

// A player that shows another rate than the one written has been reloaded, or does not obey.
void notice_reset(Draft& draft) {
    const ControllerInput& input = draft.input;
    ControllerState& state = draft.state;
    if (!input.capabilities.fine_rate || !state.rate_set || input.local_ms < state.blind_until_ms) return;
    if (std::abs(input.player.rate - *state.rate_set) < 1e-4) return;
    state.rate_set.reset();
    ++state.burst_failures;
}

} // namespace

bool has_fine_rate(const Draft& draft) {
    return draft.input.capabilities.fine_rate && draft.state.burst_failures < k::burst_failures_max;
}

bool keeps_pitch(const Draft& draft) { return room_rate(draft) != 1; }

double rate_delay_ms(const Draft& draft) {
    const double otherwise = draft.input.capabilities.rate_delay_ms.value_or(k::rate_delay_ms);
    return learned_cost(draft, &Learned::rate_delay_ms, otherwise);
}

double base_rate(const Draft& draft) {
    const double rate = room_rate(draft);
    const PlayerCapabilities& capabilities = draft.input.capabilities;
    return capabilities.fine_rate ? rate * (1 + draft.state.trim) : nearest_step(capabilities.rate_steps, rate);
}

bool write_rate(Draft& draft, double rate) {
    const ControllerInput& input = draft.input;
    ControllerState& state = draft.state;
    if (!input.capabilities.fine_rate && input.capabilities.rate_steps.empty()) return false;
    notice_reset(draft);
    if (state.rate_set && std::abs(*state.rate_set - rate) < 1e-6) return false;
    state.rate_set = rate;
    draft.actions.push_back(
        {.kind = ControllerAction::Kind::rate, .rate = rate, .preserves_pitch = keeps_pitch(draft)});
    const double blind_ms = rate_delay_ms(draft) + k::blind_after_rate_margin_ms;
    state.blind_until_ms = std::max(state.blind_until_ms, input.local_ms + blind_ms);
    return true;
}

void abort_burst(Draft& draft) {
    if (!draft.state.burst) return;
    draft.state.burst.reset();
    draft.state.judged.reset();
    write_rate(draft, base_rate(draft));
}

} // namespace playhead::client::sync
