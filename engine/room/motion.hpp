#pragma once

#include "core/time.hpp"
#include "room/command.hpp"
#include "room/playhead.hpp"

#include <optional>

namespace playhead {

// How far ahead motion is scheduled so that every viewer can start in the same frame; the host measures it.
struct Lead {
    Microseconds start{150'000};
    Microseconds seek{300'000};
    Microseconds load{1'500'000};
};

// When an action takes effect, and what it must fit.
struct MotionContext {
    Tick tick;
    TickLength tick_length;
    Lead lead;
    MediaTime duration{0}; // 0 = not known, or endless

    // The first tick that starts no sooner than `lead` from now.
    Tick after(Microseconds lead) const;
    MediaTime within_media(MediaTime position) const;
    bool at_end(MediaTime position) const { return duration > MediaTime{0} && position >= duration; }
};

// The rules of motion, each a function from the motion before to the motion after. Pure and total: any motion, any
// argument that the room has let through. A pending playhead is always one that plays.

// Starts at a tick that lies ahead; from the beginning if the media is at its end. [R1]
Motion played(const Motion& motion, const MotionContext& context);

// Stops at once, where its author saw it: at `seen` if that is believable, else as near to it as is. [R2]
Motion paused(const Motion& motion, const MotionContext& context, ServerTime issued, std::optional<MediaTime> seen);

// Stands at `target` at once; what plays goes on from there at a tick that lies ahead. [R3]
Motion sought(const Motion& motion, const MotionContext& context, MediaTime target);

// Continues the same motion at another rate from a tick that lies ahead; at once where nothing moves. [R4]
Motion rate_changed(const Motion& motion, const MotionContext& context, Rate rate);

// Stands at `start` of new media; keeps the rate. [R5]
Motion loaded(const Motion& motion, const MotionContext& context, MediaInstance media, MediaTime start, bool play);

// A pending playhead whose tick has come takes over. [R13]
Motion taken_over(const Motion& motion, Tick tick);

// Stopped at the end of the media if `context.tick` is there; empty if it is not. [R10]
std::optional<Motion> ended(const Motion& motion, const MotionContext& context);

} // namespace playhead
