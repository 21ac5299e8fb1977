#include "lib/sync/controller.hpp"

#include "lib/sync/constants.hpp"
#include "lib/sync/correction.hpp"
#include "lib/sync/rate.hpp"
#include "lib/sync/start_plan.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace playhead::client::sync {

namespace k = constants;

namespace {

// When the room's motion next changes, or a rate has to be written so that it changes then.
double next_edge_ms(const Draft& draft) {
    const ControllerInput& input = draft.input;
    constexpr double never = std::numeric_limits<double>::infinity();
    if (!input.motion || !input.motion->pending || !input.server_ms) return never;
    const double changes_at_ms =
        input.local_ms + anchor_ms(*input.motion->pending, input.tick_length) - *input.server_ms;
    const double ahead_ms = changes_at_ms - rate_delay_ms(draft);
    if (ahead_ms > input.local_ms) return ahead_ms;
    return changes_at_ms > input.local_ms ? changes_at_ms : never;
}

// Another media: what was learnt of the player stays, what was under way goes.
void start_afresh(Draft& draft, MediaInstance media) {
    ControllerState fresh;
    fresh.media = media;
    fresh.learned = std::move(draft.state.learned);
    fresh.trim = draft.state.trim;
    draft.state = std::move(fresh);
}

// Hands off: nothing to follow, or somebody else is at the controls.
Outcome let_go(Draft& draft, Phase phase) {
    abort_burst(draft);
    forget_readings(draft);
    draft.state.plan.reset();
    draft.state.held_at_ms.reset();
    return {.phase = phase, .wake_at_ms = draft.input.local_ms + k::wake_idle_ms};
}

// The clock is not known well enough to start by it, but the data can be on its way meanwhile: across a slow network a
// seek to where nothing is buffered takes longer than the first exchanges of the clock.
Outcome fetch_ahead(Draft& draft, const RoomMotion& motion) {
    const ControllerInput& input = draft.input;
    Outcome outcome = let_go(draft, Phase::idle);
    if (!input.rough_server_ms || !input.player.paused || input.player.user_acting) return outcome;
    const RoomPlayhead& playhead = playhead_at(motion, *input.rough_server_ms, input.tick_length);
    if (!playhead.playing || draft.state.fetched_for == playhead.media) return outcome;
    draft.state.fetched_for = playhead.media;
    const double position_ms = player_position_ms_at(draft, *input.rough_server_ms);
    if (!has_data(draft, position_ms)) draft.seek(position_ms);
    return outcome;
}

// A pause that was asked for is asked for again only after a while.
bool ask_again(Draft& draft) {
    const double local_ms = draft.input.local_ms;
    if (draft.state.asked_at_ms && local_ms - *draft.state.asked_at_ms < k::retry_ms) return false;
    draft.state.asked_at_ms = local_ms;
    return true;
}

bool is_at(const std::optional<double>& held_at_ms, double target_ms) {
    return held_at_ms && std::abs(*held_at_ms - target_ms) < k::same_plan_ms;
}

// The room is paused: stop, and stand where the room stands.
Outcome hold(Draft& draft) {
    ControllerState& state = draft.state;
    const PlayerReport& player = draft.input.player;
    const double local_ms = draft.input.local_ms;
    abort_burst(draft);
    forget_readings(draft);
    state.plan.reset();
    const double target_ms = room_position_ms(draft);
    const double error_ms = player.position_ms - target_ms;
    const Outcome soon{.phase = Phase::held, .wake_at_ms = local_ms + k::wake_soon_ms * 2, .error_ms = error_ms};
    if (!player.paused) {
        if (ask_again(draft)) draft.act(ControllerAction::Kind::pause);
        state.held_at_ms.reset();
    } else {
        state.asked_at_ms.reset();
    }
    if (player.seeking) return soon;
    const bool off = std::abs(error_ms) > k::held_tolerance_ms || needs_cooling(draft);
    if (player.paused && !is_at(state.held_at_ms, target_ms) && off) {
        put_in_place(draft, target_ms);
        state.held_at_ms = target_ms;
        return soon;
    }
    if (!player.paused) return soon;
    return {.phase = Phase::held, .wake_at_ms = local_ms + k::wake_held_ms, .error_ms = error_ms};
}

bool is_end(const Draft& draft, double position_ms) {
    const std::optional<double>& duration_ms = draft.input.player.duration_ms;
    return duration_ms && position_ms >= *duration_ms - k::end_ms;
}

// The room is at the end of the media, or about to start there (a browser would play from the beginning): a player that
// is nearly there runs out by itself.
Outcome run_out(Draft& draft) {
    ControllerState& state = draft.state;
    const PlayerReport& player = draft.input.player;
    abort_burst(draft);
    forget_readings(draft);
    state.plan.reset();
    const double end_ms = player.duration_ms.value_or(player.position_ms);
    const bool near = end_ms - player.position_ms <= k::run_out_ms;
    if (!player.ended && !near && !player.seeking && !is_at(state.held_at_ms, end_ms)) {
        draft.seek(end_ms);
        state.held_at_ms = end_ms;
    }
    return {.phase = Phase::ended, .wake_at_ms = draft.input.local_ms + k::wake_held_ms};
}

Outcome decide(Draft& draft) {
    const ControllerInput& input = draft.input;
    ControllerState& state = draft.state;
    const PlayerReport& player = input.player;
    if (!input.motion || !player.loaded) return let_go(draft, Phase::idle);
    if (!input.server_ms) return fetch_ahead(draft, *input.motion);
    const RoomPlayhead& now = playhead_at(*input.motion, *input.server_ms, input.tick_length);
    if (state.media != now.media) start_afresh(draft, now.media);
    if (!player.paused) state.warm = true;
    if (player.user_acting) return let_go(draft, Phase::idle);

    const std::optional<StartPlan> jump = pending_start(draft);
    if (!jump && !now.playing) return hold(draft);
    if (player.blocked) return let_go(draft, Phase::blocked);
    if (is_end(draft, jump ? jump->position_ms : room_position_ms(draft))) return run_out(draft);
    if (jump) {
        adopt_plan(draft, *jump);
    } else if (state.plan && !plan_holds(draft, *state.plan)) {
        state.plan.reset();
    }
    if (!state.plan && (player.paused || player.ended)) plan_local_start(draft, 1);
    state.held_at_ms.reset();
    if (const std::optional<Outcome> starting = run_plan(draft)) return *starting;
    return follow(draft);
}

} // namespace

StepResult step(ControllerState state, const ControllerInput& input) {
    Draft draft{.input = input, .state = std::move(state), .actions = {}};
    const Outcome outcome = decide(draft);
    const double wake_at_ms = std::min(outcome.wake_at_ms, next_edge_ms(draft));
    return {.state = std::move(draft.state),
            .actions = std::move(draft.actions),
            .wake_at_ms = wake_at_ms,
            .phase = outcome.phase,
            .error_ms = outcome.error_ms};
}

} // namespace playhead::client::sync
