#pragma once

#include "core/ids.hpp"
#include "core/time.hpp"

#include <cstdint>

namespace playhead {

enum class EventKind : std::uint8_t { none, played, paused, sought, rate_changed, loaded, media_ended };

// What happened, told once, never replayed: whoever joins a second later does not need it.
struct Event {
    EventKind kind = EventKind::none;
    ViewerId viewer; // who did it; 0 = the engine
    Tick tick;
    MediaTime position{0};
    bool operator==(const Event&) const = default;
};

} // namespace playhead
