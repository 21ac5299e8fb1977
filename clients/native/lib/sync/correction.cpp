#include "lib/sync/correction.hpp"

#include "lib/sync/constants.hpp"
#include "lib/sync/rate.hpp"
#include "lib/sync/start_plan.hpp"
#include "lib/sync/trim.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace playhead::client::sync {

namespace k = constants;

namespace {

bool is_fast(const Draft& draft) { return draft.input.local_ms < draft.state.fast_until_ms; }

bool is_smooth(const Draft& draft) {
    return draft.input.capabilities.clock_resolution_ms <= k::coarse_clock_ms && !keeps_pitch(draft);
}

// How long a clock that is not smooth has to be looked at. Unit: ms.
double window_ms(const Draft& draft) {
    const double steps_ms = draft.input.capabilities.clock_resolution_ms * k::coarse_steps;
    const double least_ms = keeps_pitch(draft) ? k::sawtooth_window_ms : k::coarse_window_ms_min;
    return std::min(k::coarse_window_ms_max, std::max(least_ms, steps_ms));
}

std::vector<double> errors_of(std::span<const Reading> readings) {
    std::vector<double> errors;
    errors.reserve(readings.size());
    for (const Reading& reading : readings) errors.push_back(reading.error_ms);
    return errors;
}

// The error as several readings together tell it; empty while there are too few.
std::optional<double> smoothed(const Draft& draft) {
    const std::vector<Reading>& readings = draft.state.readings;
    if (is_smooth(draft)) {
        const std::size_t wanted = is_fast(draft) ? k::readings_fast : k::readings_steady;
        if (readings.size() < wanted) return std::nullopt;
        return median(errors_of(std::span(readings).last(wanted)));
    }
    const double from_ms = draft.input.local_ms - window_ms(draft);
    if (readings.empty() || readings.front().at_ms > from_ms) return std::nullopt;
    const auto first = std::ranges::find_if(readings, [&](const Reading& one) { return one.at_ms >= from_ms; });
    const std::vector<double> recent = errors_of(std::span(first, readings.end()));
    // A saw-tooth is right on average. A stepping clock only ever reads late, and is right just after a step: the
    // largest of many.
    if (draft.input.capabilities.clock_resolution_ms <= k::coarse_clock_ms) {
        double sum = 0;
        for (const double error_ms : recent) sum += error_ms;
        return sum / static_cast<double>(recent.size());
    }
    return std::ranges::max(recent);
}

// A coarse player that is far away, as after an advertisement, need not be measured finely first.
bool is_hopeless(const Draft& draft, double rough_ms) {
    const bool far = std::abs(rough_ms) > k::hopeless_ms + draft.input.capabilities.clock_resolution_ms;
    return far && draft.state.readings.size() >= k::readings_steady && !has_fine_rate(draft);
}

// The smallest error that is worth a correction now. Unit: ms.
double worth_ms(const Draft& draft) {
    const double coarse_ms = draft.input.capabilities.clock_resolution_ms * k::coarse_enter;
    const double smallest_ms = is_fast(draft) ? k::enter_fast_ms : k::enter_ms;
    return std::max({smallest_ms, coarse_ms, keeps_pitch(draft) ? k::sawtooth_enter_ms : 0});
}

double next_reading_ms(const Draft& draft) {
    const double local_ms = draft.input.local_ms;
    if (!is_smooth(draft)) {
        return local_ms + std::max(k::read_gap_coarse_ms, window_ms(draft) / k::coarse_readings);
    }
    const std::vector<Reading>& readings = draft.state.readings;
    const bool suspect = !readings.empty() && std::abs(readings.back().error_ms) > k::enter_ms;
    if (!is_fast(draft)) return local_ms + (suspect ? k::read_gap_fast_ms : k::read_gap_steady_ms);
    return local_ms + (readings.size() >= k::readings_calm ? k::read_gap_calm_ms : k::read_gap_fast_ms);
}

// A step that closes the error in about fast_burst_ms, in multiples of 1/fast_steps_in_one; smaller on a machine so
// busy that the end of the burst would be called too late.
double fast_step(double size_ms, double lateness_ms) {
    const double largest = size_ms > k::fast_large_ms ? k::fast_step_large : k::fast_step_max;
    const double careful = lateness_ms > 0 ? k::overshoot_ms / lateness_ms : largest;
    const double wanted = std::min({size_ms / k::fast_burst_ms, largest, careful});
    return std::round(std::max(k::fast_step_min, wanted) * k::fast_steps_in_one) / k::fast_steps_in_one;
}

Outcome start_burst(Draft& draft, double error_ms) {
    ControllerState& state = draft.state;
    const double local_ms = draft.input.local_ms;
    const double base = base_rate(draft);
    const double size_ms = std::abs(error_ms);
    const bool fast = is_fast(draft);
    const double towards = error_ms > 0 ? -1 : 1;
    // What the trim uses up of the steady bound is not there for the correction.
    const double steady_step = k::steady_step - std::max(0.0, state.trim * towards);
    const double gain = base * (fast ? fast_step(size_ms, state.lateness_ms) : steady_step) * towards;
    const double limit_ms = fast ? k::fast_burst_ms_max : k::steady_burst_ms_max;
    const double length_ms = std::min(limit_ms, size_ms / std::abs(gain));
    forget_readings(draft);
    write_rate(draft, base + gain);
    const double end_at_ms = local_ms + length_ms;
    state.burst = Burst{.started_at_ms = local_ms, .end_at_ms = end_at_ms, .error_ms = error_ms, .gain = gain};
    return {.phase = Phase::correcting, .wake_at_ms = end_at_ms, .error_ms = error_ms};
}

Outcome run_burst(Draft& draft, Burst burst, double rough_ms) {
    ControllerState& state = draft.state;
    const double local_ms = draft.input.local_ms;
    const double elapsed_ms = local_ms - burst.started_at_ms;
    if (local_ms < burst.end_at_ms - k::due_ms) {
        return {.phase = Phase::correcting, .wake_at_ms = burst.end_at_ms, .error_ms = rough_ms};
    }
    state.lateness_ms = std::max({local_ms - burst.end_at_ms, state.lateness_ms * k::lateness_kept, 0.0});
    // Once it shows, the correction tells how late rates take effect; too small a one tells nothing.
    const double shown_ms = rough_ms - burst.error_ms;
    const bool tells = std::abs(shown_ms) > k::burst_judged_ms && elapsed_ms > k::rate_delay_ms;
    if (tells && !keeps_pitch(draft)) learn(draft, &Learned::rate_delay_ms, elapsed_ms - shown_ms / burst.gain);
    state.burst.reset();
    state.judged = burst;
    write_rate(draft, base_rate(draft));
    return {.phase = Phase::correcting, .wake_at_ms = state.blind_until_ms, .error_ms = rough_ms};
}

// Counts bursts without effect: a rate that is accepted and ignored is no rate.
void judge_burst(Draft& draft, double error_ms) {
    ControllerState& state = draft.state;
    if (!state.judged) return;
    const Burst judged = *state.judged;
    state.judged.reset();
    const double meant_ms =
        std::min(std::abs(judged.error_ms), std::abs(judged.gain) * (judged.end_at_ms - judged.started_at_ms));
    const double tells_ms = std::max(k::burst_judged_ms, draft.input.capabilities.clock_resolution_ms);
    if (meant_ms < tells_ms || keeps_pitch(draft)) return;
    const double closed_ms = std::abs(judged.error_ms) - std::abs(error_ms);
    const bool failed = closed_ms < meant_ms * (1 - k::burst_failure_share);
    state.burst_failures = failed ? state.burst_failures + 1 : 0;
    if (failed) state.burst_failed_at_ms = draft.input.local_ms;
}

// Since the last seek against a large error; infinite when there was none. Unit: ms.
double since_hard_seek_ms(const Draft& draft) {
    const std::optional<double>& at_ms = draft.state.hard_seek_at_ms;
    return at_ms ? draft.input.local_ms - *at_ms : std::numeric_limits<double>::infinity();
}

// Notes such a seek; those that come in a row come ever more rarely.
void note_hard_seek(Draft& draft, double row_ms, double gap_ms, double gap_ms_max) {
    ControllerState& state = draft.state;
    const bool in_a_row = since_hard_seek_ms(draft) < row_ms;
    state.hard_seek_gap_ms = in_a_row ? std::min(gap_ms_max, state.hard_seek_gap_ms * 2) : gap_ms;
    state.hard_seek_at_ms = draft.input.local_ms;
}

// Stops and starts again a little ahead; empty while the last one is too recent.
std::optional<Outcome> hard_seek(Draft& draft) {
    if (since_hard_seek_ms(draft) < draft.state.hard_seek_gap_ms) return std::nullopt;
    note_hard_seek(draft, k::hard_seek_row_ms, k::hard_seek_gap_ms, k::hard_seek_gap_ms_max);
    abort_burst(draft);
    forget_readings(draft);
    plan_local_start(draft, 1);
    return run_plan(draft);
}

// The way of players without fine rates: a rare seek, aimed ahead by what earlier ones missed.
Outcome follow_by_seek(Draft& draft, double error_ms) {
    ControllerState& state = draft.state;
    const double local_ms = draft.input.local_ms;
    const PlayerCapabilities& capabilities = draft.input.capabilities;
    if (capabilities.fine_rate && local_ms - state.burst_failed_at_ms > k::burst_failures_forgiven_ms) {
        state.burst_failures = k::burst_failures_max - 1;
    }
    if (state.aimed_miss_ms) {
        learn(draft, &Learned::seek_miss_ms, *state.aimed_miss_ms - error_ms);
        state.aimed_miss_ms.reset();
    }
    const double far_ms = std::max(k::coarse_seek_ms, capabilities.clock_resolution_ms * k::coarse_seek_steps);
    if (std::abs(error_ms) <= far_ms || since_hard_seek_ms(draft) < state.hard_seek_gap_ms) {
        return {.phase = Phase::following, .wake_at_ms = next_reading_ms(draft), .error_ms = error_ms};
    }
    note_hard_seek(draft, k::coarse_seek_row_ms, k::coarse_seek_gap_ms, k::coarse_seek_gap_ms_max);
    state.aimed_miss_ms = learned_cost(draft, &Learned::seek_miss_ms, k::seek_miss_ms);
    forget_readings(draft);
    state.was_stalled = true;
    draft.seek(room_position_ms(draft) + *state.aimed_miss_ms);
    return {.phase = Phase::correcting, .wake_at_ms = local_ms + k::wake_soon_ms * 2, .error_ms = error_ms};
}

// What to do about a measured error.
Outcome correct(Draft& draft, double error_ms) {
    ControllerState& state = draft.state;
    const double local_ms = draft.input.local_ms;
    const double size_ms = std::abs(error_ms);
    if (size_ms > k::hard_seek_ms) {
        if (const std::optional<Outcome> seeking = hard_seek(draft)) return *seeking;
    }
    if (size_ms > k::slip_ms) state.fast_until_ms = local_ms + k::fast_phase_ms;
    // A new trim has to be written anyway, so it goes out as the end of a correction.
    const bool steady = !is_fast(draft) && !keeps_pitch(draft);
    const bool trimmed = steady && observe_drift(draft, error_ms);

    const double enough_ms = worth_ms(draft);
    if (size_ms <= std::min(k::enter_patient_ms, enough_ms)) {
        state.impatient_since_ms.reset();
    } else if (!state.impatient_since_ms) {
        state.impatient_since_ms = local_ms;
    }
    const double waited_ms = local_ms - state.impatient_since_ms.value_or(local_ms);
    const bool impatient = steady && waited_ms >= k::patience_ms;
    if (size_ms > enough_ms || impatient || trimmed) return start_burst(draft, error_ms);
    return {.phase = Phase::following, .wake_at_ms = next_reading_ms(draft), .error_ms = error_ms};
}

} // namespace

Outcome follow(Draft& draft) {
    ControllerState& state = draft.state;
    const PlayerReport& player = draft.input.player;
    const double local_ms = draft.input.local_ms;
    const double rough_ms = player.position_ms - room_position_ms(draft);

    if (player.stalled || player.seeking || !player.ready) {
        abort_burst(draft);
        forget_readings(draft);
        state.was_stalled = true;
        state.aimed_latency_ms.reset();
        return {.phase = Phase::stalled, .wake_at_ms = local_ms + k::wake_soon_ms * 2, .error_ms = rough_ms};
    }
    if (state.was_stalled) {
        state.was_stalled = false;
        state.fast_until_ms = local_ms + k::fast_phase_ms;
        state.blind_until_ms = std::max(state.blind_until_ms, local_ms + blind_after_stall_ms(draft));
        if (state.aimed_miss_ms) state.blind_until_ms = local_ms + k::coarse_seek_blind_ms;
    }
    if (local_ms < state.blind_until_ms) {
        const bool far = std::abs(rough_ms) > k::hard_seek_ms + blind_after_play_ms(draft);
        if (far && has_fine_rate(draft) && !state.burst) {
            if (const std::optional<Outcome> seeking = hard_seek(draft)) return *seeking;
        }
        return {.phase = state.judged ? Phase::correcting : Phase::starting, .wake_at_ms = state.blind_until_ms};
    }
    if (state.burst) return run_burst(draft, *state.burst, rough_ms);

    if (write_rate(draft, base_rate(draft))) {
        // The room has another rate now; what that costs is repaired as after a start.
        state.fast_until_ms = local_ms + k::fast_phase_ms;
        forget_readings(draft);
        return {.phase = Phase::following, .wake_at_ms = state.blind_until_ms};
    }
    state.readings.push_back({.at_ms = local_ms, .error_ms = rough_ms});
    if (state.readings.size() > k::readings_max) state.readings.erase(state.readings.begin());
    std::optional<double> measured_ms = smoothed(draft);
    if (!measured_ms && is_hopeless(draft, rough_ms)) measured_ms = rough_ms;
    if (!measured_ms) return {.phase = Phase::following, .wake_at_ms = next_reading_ms(draft)};
    if (state.aimed_latency_ms) {
        learn(draft, &Learned::play_latency_ms, *state.aimed_latency_ms - *measured_ms / base_rate(draft));
        state.aimed_latency_ms.reset();
    }
    judge_burst(draft, *measured_ms);
    return has_fine_rate(draft) ? correct(draft, *measured_ms) : follow_by_seek(draft, *measured_ms);
}

} // namespace playhead::client::sync
