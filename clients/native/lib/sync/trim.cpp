#include "lib/sync/trim.hpp"

#include "lib/sync/constants.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace playhead::client::sync {

namespace k = constants;

namespace {

void forget_slope(ControllerState& state) {
    state.trim_slope.reset();
    state.trim_agreed = 0;
}

} // namespace

bool observe_drift(Draft& draft, double error_ms) {
    ControllerState& state = draft.state;
    const Reading reading{.at_ms = draft.input.local_ms, .error_ms = error_ms};
    if (!state.trim_from || !state.trim_last || std::abs(error_ms - state.trim_last->error_ms) > k::trim_slip_ms) {
        state.trim_from = reading;
        state.trim_last = reading;
        return false;
    }
    const Reading from = *state.trim_from;
    state.trim_last = reading;
    const double length_ms = reading.at_ms - from.at_ms;
    const double moved_ms = error_ms - from.error_ms;
    if (length_ms > k::trim_interval_ms_max) {
        state.trim_from = reading;
        forget_slope(state);
        return false;
    }
    if (std::abs(moved_ms) < k::trim_signal_ms || length_ms < k::trim_short_ms_min) return false;

    state.trim_from = reading;
    const double slope = moved_ms / length_ms;
    const std::optional<double> before = std::exchange(state.trim_slope, slope);
    if (!before) return false;
    const double larger = std::max(std::abs(*before), std::abs(slope));
    const bool agrees = std::abs(*before - slope) <= larger * k::trim_agreement;
    state.trim_agreed = agrees ? state.trim_agreed + 1 : 0;
    if (state.trim_agreed < (length_ms < k::trim_interval_ms_min ? 2U : 1U)) return false;
    const double drift = (*before + slope) / 2;
    if (std::abs(drift) < k::trim_min) return false;
    state.trim = std::clamp(state.trim - drift, -k::trim_max, k::trim_max);
    forget_slope(state);
    return true;
}

} // namespace playhead::client::sync
