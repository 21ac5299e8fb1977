#pragma once

#include "core/ids.hpp"
#include "core/time.hpp"

#include <compare>
#include <cstdint>
#include <optional>

namespace playhead {

// Playback speed in thousandths; 1000 is normal.
struct Rate {
    std::int32_t permille = 1000;
    auto operator<=>(const Rate&) const = default;

    static constexpr std::int32_t permille_min = 250;
    static constexpr std::int32_t permille_max = 2000;
};

// One continuous piece of motion: where the media stands at a tick, and how it moves from there.
//   Units: integer microseconds of media, ticks of server time, thousandths of speed. No floating point.
struct Playhead {
    MediaInstance media;
    MediaTime anchor_position{0};
    Tick anchor_tick;
    Rate rate;
    bool playing = false;
    bool operator==(const Playhead&) const = default;

    // Before its anchor a playhead stands at the anchor position.
    MediaTime position_at(ServerTime time, TickLength length) const;
    MediaTime position_at(Tick tick, TickLength length) const { return position_at(length.start_of(tick), length); }
};

// What a room plays now, and at most one scheduled successor that takes over at its anchor tick.
struct Motion {
    Playhead current;
    std::optional<Playhead> pending;
    bool operator==(const Motion&) const = default;

    // What the room is meant to be doing: the pending playhead if there is one. Its rate, its intent to play.
    const Playhead& intent() const { return pending ? *pending : current; }
    const Playhead& at(Tick tick) const { return pending && pending->anchor_tick <= tick ? *pending : current; }
};

} // namespace playhead
