#include "room/playhead.hpp"

#include <algorithm>

namespace playhead {

MediaTime Playhead::position_at(ServerTime time, TickLength length) const {
    const ServerTime anchor = length.start_of(anchor_tick);
    if (!playing || time <= anchor) return anchor_position;
    // Bounded first, so that no time, however far, can overflow the product.
    const Microseconds elapsed = std::min(time - anchor, time_max);
    return anchor_position + elapsed * rate.permille / 1000;
}

} // namespace playhead
