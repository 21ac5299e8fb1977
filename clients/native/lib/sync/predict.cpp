#include "lib/sync/predict.hpp"

#include "room/motion.hpp"

#include <algorithm>
#include <cmath>

namespace playhead::client::sync {

namespace {

ServerTime issued(const Issue& issue) {
    const double most_us = static_cast<double>(time_max.count());
    const double us = issue.server_ms * 1000;
    return ServerTime{Microseconds{static_cast<std::int64_t>(std::isnan(us) ? 0 : std::clamp(us, 0.0, most_us))}};
}

MotionContext context_of(const Issue& issue) {
    const TickLength length = issue.tick_length;
    return {.tick = length.at(issued(issue)),
            .tick_length = length,
            .lead = {.start = length.value * std::int64_t{issue.start_ticks},
                     .seek = length.value * std::int64_t{issue.seek_ticks}},
            .duration = issue.duration};
}

struct Predictor {
    const RoomMotion& motion;
    const Issue& issue;
    MotionContext context = context_of(issue);

    RoomMotion operator()(const Play&) const { return played(motion, context); }

    RoomMotion operator()(const Pause&) const {
        if (!motion.intent().playing) return motion;
        return paused(taken_over(motion, context.tick), context, issued(issue), issue.position);
    }

    RoomMotion operator()(const Seek& seek) const {
        const RoomPlayhead& intent = motion.intent();
        // The room has done it already, and its answer is on the way.
        const bool there = intent.anchor_position == context.within_media(seek.to);
        if (there && intent.anchor_tick >= context.tick) return motion;
        return sought(motion, context, seek.to);
    }

    RoomMotion operator()(const SetRate& change) const { return rate_changed(motion, context, change.rate); }

    RoomMotion operator()(const auto& /*load, name, plugin's command*/) const { return motion; }
};

} // namespace

RoomMotion predict(const RoomMotion& motion, const Action& action, const Issue& issue) {
    return std::visit(Predictor{.motion = motion, .issue = issue}, action);
}

} // namespace playhead::client::sync
