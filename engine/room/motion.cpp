#include "room/motion.hpp"

#include <algorithm>

namespace playhead {
namespace {

Playhead standing(MediaInstance media, MediaTime position, Tick tick, Rate rate) {
    return {.media = media, .anchor_position = position, .anchor_tick = tick, .rate = rate, .playing = false};
}

Playhead moving(MediaInstance media, MediaTime position, Tick tick, Rate rate) {
    return {.media = media, .anchor_position = position, .anchor_tick = tick, .rate = rate, .playing = true};
}

} // namespace

Tick MotionContext::after(Microseconds ahead) const {
    return tick_length.at_or_after(tick_length.start_of(tick) + std::max(ahead, Microseconds{0}));
}

MediaTime MotionContext::within_media(MediaTime position) const {
    return std::clamp(position, MediaTime{0}, duration > MediaTime{0} ? duration : time_max);
}

Motion played(const Motion& motion, const MotionContext& context) {
    if (motion.intent().playing) return motion;
    const Playhead& now = motion.current;
    const MediaTime position = context.at_end(now.anchor_position) ? MediaTime{0} : now.anchor_position;
    return {.current = now, .pending = moving(now.media, position, context.after(context.lead.start), now.rate)};
}

Motion paused(const Motion& motion, const MotionContext& context, ServerTime issued, std::optional<MediaTime> seen) {
    const Rate rate = motion.intent().rate;
    const MediaTime expected = motion.current.position_at(issued, context.tick_length);
    const MediaTime doubt = Stamp::window * motion.current.rate.permille / 1000;
    const MediaTime position = std::clamp(seen.value_or(expected), expected - doubt, expected + doubt);
    return {.current = standing(motion.current.media, context.within_media(position), context.tick, rate),
            .pending = {}};
}

Motion sought(const Motion& motion, const MotionContext& context, MediaTime target) {
    const Playhead& intent = motion.intent();
    const MediaTime position = context.within_media(target);
    Motion after{.current = standing(intent.media, position, context.tick, intent.rate), .pending = {}};
    if (intent.playing) {
        after.pending = moving(intent.media, position, context.after(context.lead.seek), intent.rate);
    }
    return after;
}

Motion rate_changed(const Motion& motion, const MotionContext& context, Rate rate) {
    if (motion.intent().rate == rate) return motion;
    Motion after = motion;
    if (motion.current.playing && motion.current.rate == rate) {
        after.pending.reset(); // back to what still holds
    } else if (motion.current.playing) {
        const Tick tick = context.after(context.lead.start);
        const MediaTime position = motion.current.position_at(tick, context.tick_length);
        after.pending = moving(motion.current.media, context.within_media(position), tick, rate);
    } else {
        after.current.rate = rate;
        if (after.pending) after.pending->rate = rate;
    }
    return after;
}

Motion loaded(const Motion& motion, const MotionContext& context, MediaInstance media, MediaTime start, bool play) {
    const Rate rate = motion.intent().rate;
    Motion after{.current = standing(media, start, context.tick, rate), .pending = {}};
    if (play) after.pending = moving(media, start, context.after(context.lead.load), rate);
    return after;
}

Motion taken_over(const Motion& motion, Tick tick) {
    if (!motion.pending || motion.pending->anchor_tick > tick) return motion;
    return {.current = *motion.pending, .pending = {}};
}

std::optional<Motion> ended(const Motion& motion, const MotionContext& context) {
    const Playhead& now = motion.current;
    if (!now.playing || !context.at_end(now.position_at(context.tick, context.tick_length))) return std::nullopt;
    return Motion{.current = standing(now.media, context.duration, context.tick, motion.intent().rate), .pending = {}};
}

} // namespace playhead
