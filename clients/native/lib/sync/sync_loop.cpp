#include "lib/sync/sync_loop.hpp"

#include "lib/sync/controller.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace playhead::client::sync {

using namespace loop_constants;

namespace {

// What the player says, as far as it can be true: an adapter may be told nonsense by its program.
PlayerReport checked(PlayerReport report, double now_ms) {
    if (!std::isfinite(report.local_ms) || report.local_ms > now_ms) report.local_ms = now_ms;
    if (!std::isfinite(report.position_ms)) {
        report.position_ms = 0;
        report.loaded = false;
    }
    if (report.duration_ms && !(std::isfinite(*report.duration_ms) && *report.duration_ms > 0))
        report.duration_ms.reset();
    if (!std::isfinite(report.rate)) report.rate = 1;
    if (!std::isfinite(report.buffer_ms) || report.buffer_ms < 0) report.buffer_ms = 0;
    return report;
}

// Nobody knows what a player does that does not answer; it is out of step when it is back, as after a stall.
PlayerReport unanswered(PlayerReport last, double now_ms) {
    last.local_ms = now_ms;
    last.stalled = !last.paused;
    last.ready = false;
    last.seeking = false;
    last.buffer_ms = 0;
    return last;
}

// Is a player that stalled still short of data? One that plays again is not. A stopped one does not stall: it would
// look recovered at once, and a room that stops for it would start, and stop, again and again.
bool is_short(const PlayerReport& report) {
    if (!report.paused) return false;
    const double to_end_ms = report.duration_ms.value_or(std::numeric_limits<double>::infinity()) - report.position_ms;
    // Players that do not say what they have buffered say 0.
    const bool low = report.buffer_ms > 0 && report.buffer_ms < std::min(refilled_ms, to_end_ms - end_ms);
    return !report.ready || low;
}

} // namespace

bool SyncLoop::poll(double now_ms, const Surroundings& surroundings) {
    bool changed = player_.take_change();
    changed = std::exchange(poked_, false) || changed;
    if (motion_ != surroundings.motion) {
        motion_ = surroundings.motion;
        changed = true;
    }
    if (!changed && now_ms < wake_at_ms_) return false;

    PlayerReport report = checked(player_.report(), now_ms);
    if (now_ms - report.local_ms > reading_age_ms_max) {
        report = unanswered(report, now_ms);
    } else if (report.local_ms < stepped_at_ms_ || (report.local_ms == stepped_at_ms_ && !changed)) {
        // Nothing is known that was not known before.
        wake_at_ms_ = now_ms + reading_gap_ms;
        return false;
    }
    report.user_acting = report.user_acting || acting_;
    stepped_at_ms_ = report.local_ms;
    decide(report, player_.capabilities(), surroundings);
    return true;
}

void SyncLoop::set_user_acting(bool acting) {
    if (acting_ == acting) return;
    acting_ = acting;
    poke();
}

void SyncLoop::decide(const PlayerReport& report, const PlayerCapabilities& capabilities,
                      const Surroundings& surroundings) {
    StepResult result =
        step(std::move(state_), {.local_ms = report.local_ms,
                                 .server_ms = surroundings.clock.server_now(report.local_ms),
                                 .rough_server_ms = surroundings.clock.rough_server_now(report.local_ms),
                                 .motion = motion_,
                                 .tick_length = surroundings.tick_length,
                                 .source_offset_ms = surroundings.source_offset_ms,
                                 .player = report,
                                 .capabilities = capabilities});
    state_ = std::move(result.state);
    for (const ControllerAction& action : result.actions) perform(action);

    const bool stalled = is_starved(result.phase, report) || report.stalled;
    short_ = stalled || (short_ && is_short(report));
    // Between measurements the last error still stands.
    const bool keeps = result.phase == Phase::following || result.phase == Phase::correcting;
    if (!result.error_ms && keeps) result.error_ms = status_.error_ms;
    status_ = {.phase = result.phase,
               .error_ms = result.error_ms,
               .rate = report.rate,
               .stalled = short_,
               .blocked = report.blocked,
               .inexact = !capabilities.fine_rate,
               .buffer_ms = report.buffer_ms,
               .duration_ms = report.duration_ms,
               .other_copy = report.other_copy};
    wake_at_ms_ = short_ ? std::min(result.wake_at_ms, report.local_ms + refill_look_ms) : result.wake_at_ms;
}

// A player that is stopped while it waits for data to start with, or knows nothing of its media yet, is as stalled as
// one that ran dry.
bool SyncLoop::is_starved(Phase phase, const PlayerReport& report) {
    const bool wanted = motion_ && motion_->intent().playing;
    const bool starting = phase == Phase::priming || phase == Phase::starting;
    if (report.ready || !(starting || (!report.loaded && wanted))) {
        starved_since_ms_.reset();
        return false;
    }
    if (!starved_since_ms_) starved_since_ms_ = report.local_ms;
    return report.local_ms - *starved_since_ms_ >= starved_ms;
}

void SyncLoop::perform(const ControllerAction& action) {
    switch (action.kind) {
    case ControllerAction::Kind::play: player_.play(); break;
    case ControllerAction::Kind::pause: player_.pause(); break;
    case ControllerAction::Kind::seek: player_.seek(action.position_ms); break;
    case ControllerAction::Kind::rate: player_.set_rate(action.rate, action.preserves_pitch); break;
    }
}

} // namespace playhead::client::sync
