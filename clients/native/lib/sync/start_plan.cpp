#include "lib/sync/start_plan.hpp"

#include "lib/sync/constants.hpp"
#include "lib/sync/rate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace playhead::client::sync {

namespace k = constants;

namespace {

// After play(): blind at first, then learns how long it took and hands over. `plan` is the state's.
std::optional<Outcome> watch_start(Draft& draft, StartPlan& plan, double play_sent_at_ms) {
    ControllerState& state = draft.state;
    const double local_ms = draft.input.local_ms;
    const PlayerReport& player = draft.input.player;
    const double since_ms = local_ms - play_sent_at_ms;
    plan.disturbed = plan.disturbed || player.stalled || !player.ready;
    if (local_ms < state.blind_until_ms - k::due_ms) {
        return Outcome{.phase = Phase::starting, .wake_at_ms = state.blind_until_ms};
    }
    const double moved_ms = player.position_ms - plan.played_from_ms;
    if (player.paused || player.seeking || player.stalled || moved_ms < k::moved_ms) {
        if (since_ms < k::start_timeout_ms) {
            return Outcome{.phase = Phase::starting, .wake_at_ms = local_ms + k::wake_soon_ms * 2};
        }
        state.plan.reset();
        return std::nullopt;
    }
    const bool smooth_clock = draft.input.capabilities.clock_resolution_ms <= k::coarse_clock_ms;
    state.aimed_latency_ms.reset();
    if (!plan.disturbed && smooth_clock) {
        learn(draft, &Learned::play_latency_ms, since_ms - moved_ms / base_rate(draft));
    } else if (!plan.disturbed) {
        // A coarse clock tells only after a while: then the error is what was reckoned wrong, and lateness.
        state.aimed_latency_ms = plan.latency_ms - plan.late_ms;
    }
    state.plan.reset();
    state.was_stalled = false;
    state.fast_until_ms = local_ms + k::fast_phase_ms;
    forget_readings(draft);
    return std::nullopt;
}

std::optional<Outcome> play_when_due(Draft& draft, StartPlan& plan, double off_ms) {
    ControllerState& state = draft.state;
    const ControllerInput& input = draft.input;
    const double local_ms = input.local_ms;
    const double latency_ms = play_latency_ms(draft);
    // A player that landed ahead of the plan starts later, one behind it earlier.
    const double due_ms =
        local_ms + (plan.start_server_ms - input.server_ms.value_or(0)) - latency_ms + off_ms / base_rate(draft);
    const double late_ms = local_ms - due_ms;
    if (late_ms > k::late_start_ms_max && plan.attempt < k::start_attempts_max) {
        plan_local_start(draft, plan.attempt + 1);
        return run_plan(draft);
    }
    if (late_ms < -k::due_ms) return Outcome{.phase = Phase::priming, .wake_at_ms = due_ms};
    draft.act(ControllerAction::Kind::play);
    plan.play_sent_at_ms = local_ms;
    plan.played_from_ms = input.player.position_ms;
    plan.late_ms = late_ms;
    plan.latency_ms = latency_ms;
    const double blind_ms = std::max(blind_after_play_ms(draft), latency_ms + k::audio_quantum_ms);
    state.blind_until_ms = std::max(state.blind_until_ms, local_ms + blind_ms);
    return Outcome{.phase = Phase::starting, .wake_at_ms = state.blind_until_ms};
}

} // namespace

double player_position_ms_at(const Draft& draft, double server_ms) {
    const ControllerInput& input = draft.input;
    if (!input.motion) return input.player.position_ms;
    const RoomPlayhead& playhead = playhead_at(*input.motion, server_ms, input.tick_length);
    const double room_ms = position_ms_at(playhead, server_ms, input.tick_length);
    const double most_ms = input.player.duration_ms.value_or(std::numeric_limits<double>::infinity());
    return std::max(0.0, std::min(most_ms, room_ms + input.source_offset_ms));
}

double room_position_ms(const Draft& draft) { return player_position_ms_at(draft, draft.input.server_ms.value_or(0)); }

std::optional<StartPlan> pending_start(const Draft& draft) {
    const ControllerInput& input = draft.input;
    if (!input.motion || !input.server_ms || !input.motion->pending) return std::nullopt;
    const RoomPlayhead& current = input.motion->current;
    const RoomPlayhead& pending = *input.motion->pending;
    const double start_server_ms = anchor_ms(pending, input.tick_length);
    if (!pending.playing || pending.media != current.media || *input.server_ms >= start_server_ms) return std::nullopt;
    const double continued_ms = position_ms_at(current, start_server_ms, input.tick_length);
    const double jump_ms = std::abs(continued_ms - static_cast<double>(pending.anchor_position.count()) / 1000);
    if (current.playing && jump_ms <= k::continuous_ms) return std::nullopt;
    return StartPlan{.start_server_ms = start_server_ms, .position_ms = player_position_ms_at(draft, start_server_ms)};
}

bool plan_holds(const Draft& draft, const StartPlan& plan) {
    const ControllerInput& input = draft.input;
    if (!input.motion) return false;
    const bool playing = playhead_at(*input.motion, plan.start_server_ms, input.tick_length).playing;
    const double position_ms = player_position_ms_at(draft, plan.start_server_ms);
    return playing && std::abs(position_ms - plan.position_ms) < k::same_plan_ms;
}

void adopt_plan(Draft& draft, const StartPlan& plan) {
    const std::optional<StartPlan>& own = draft.state.plan;
    const bool same = own && std::abs(own->start_server_ms - plan.start_server_ms) < k::same_plan_ms &&
                      std::abs(own->position_ms - plan.position_ms) < k::same_plan_ms;
    if (!same) draft.state.plan = plan;
}

void plan_local_start(Draft& draft, std::size_t attempt) {
    const double server_ms = draft.input.server_ms.value_or(0);
    const double play_ms = play_latency_ms(draft);
    const auto plan_behind = [&](double seek_ms) {
        const double lead_ms = std::min(k::seek_lead_ms_max, seek_ms) + k::seek_margin_ms;
        const double start_server_ms = server_ms + lead_ms + play_ms;
        return StartPlan{.start_server_ms = start_server_ms,
                         .position_ms = player_position_ms_at(draft, start_server_ms),
                         .attempt = attempt};
    };
    const double seek_ms = learned_cost(draft, &Learned::seek_cost_ms, k::seek_cost_ms);
    const StartPlan plan = plan_behind(seek_ms);
    // An earlier attempt may have waited for data, which the next one finds there.
    const double follows_ms = attempt > 1 ? k::data_follows_ms : 0;
    if (has_data(draft, plan.position_ms, follows_ms)) {
        draft.state.plan = plan;
        return;
    }
    const double fetch_ms = std::max(seek_ms, learned_cost(draft, &Learned::fetch_cost_ms, 0));
    const bool again = attempt > 1 && draft.state.plan;
    const double last_seek_ms = again ? draft.state.plan->seek_cost_ms.value_or(0) : 0;
    draft.state.plan = plan_behind(std::max(fetch_ms, last_seek_ms));
}

bool has_data(const Draft& draft, double position_ms, double follows_ms) {
    const PlayerReport& player = draft.input.player;
    const double ahead_ms = position_ms - player.position_ms;
    return ahead_ms >= 0 && ahead_ms <= player.buffer_ms + follows_ms;
}

bool needs_cooling(const Draft& draft) { return draft.state.warm && draft.input.capabilities.fine_rate; }

void put_in_place(Draft& draft, double position_ms) {
    draft.seek(position_ms);
    draft.state.warm = false;
}

std::optional<Outcome> run_plan(Draft& draft) {
    ControllerState& state = draft.state;
    if (!state.plan) return std::nullopt;
    StartPlan& plan = *state.plan;
    const PlayerReport& player = draft.input.player;
    const double local_ms = draft.input.local_ms;
    if (plan.play_sent_at_ms) return watch_start(draft, plan, *plan.play_sent_at_ms);

    abort_burst(draft);
    forget_readings(draft);
    if (!player.paused) draft.act(ControllerAction::Kind::pause);
    write_rate(draft, base_rate(draft));
    const Outcome soon{.phase = Phase::priming, .wake_at_ms = local_ms + k::wake_soon_ms};

    const double off_ms = player.position_ms - plan.position_ms;
    if (!plan.seek_sent_at_ms) {
        if (std::abs(off_ms) > k::held_tolerance_ms || needs_cooling(draft)) {
            put_in_place(draft, plan.position_ms);
            plan.seek_sent_at_ms = local_ms;
            plan.fetches = !has_data(draft, plan.position_ms);
            return soon;
        }
    } else if (!plan.seek_cost_ms) {
        if (player.seeking || !player.ready) return soon;
        plan.seek_cost_ms = local_ms - *plan.seek_sent_at_ms;
        learn(draft, plan.fetches ? &Learned::fetch_cost_ms : &Learned::seek_cost_ms, *plan.seek_cost_ms);
    }
    if (!player.paused || player.seeking || !player.ready) return soon;
    return play_when_due(draft, plan, off_ms);
}

} // namespace playhead::client::sync
