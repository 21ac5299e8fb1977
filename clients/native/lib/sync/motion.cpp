#include "lib/sync/motion.hpp"

#include <algorithm>

namespace playhead::client::sync {

double anchor_ms(const RoomPlayhead& playhead, TickLength tick_length) {
    return static_cast<double>(playhead.anchor_tick.number) * static_cast<double>(tick_length.value.count()) / 1000;
}

const RoomPlayhead& playhead_at(const RoomMotion& motion, double server_ms, TickLength tick_length) {
    return motion.pending && server_ms >= anchor_ms(*motion.pending, tick_length) ? *motion.pending : motion.current;
}

double position_ms_at(const RoomPlayhead& playhead, double server_ms, TickLength tick_length) {
    const double anchor_position_ms = static_cast<double>(playhead.anchor_position.count()) / 1000;
    if (!playhead.playing) return anchor_position_ms;
    const double elapsed_ms = std::max(0.0, server_ms - anchor_ms(playhead, tick_length));
    return anchor_position_ms + elapsed_ms * playhead.rate.permille / 1000;
}

} // namespace playhead::client::sync
