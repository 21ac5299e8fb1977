#pragma once

#include "core/ids.hpp"
#include "core/time.hpp"
#include "core/value.hpp"
#include "room/shared.hpp"

#include <cstdint>
#include <string>

namespace playhead {

enum class EventKind : std::uint8_t { none, played, paused, sought, rate_changed, loaded, media_ended };

// What happened, told once, never replayed: whoever joins a second later does not need it.
struct Event {
    EventKind kind = EventKind::none;
    ViewerId viewer; // who did it; 0 = the engine
    Tick tick;
    MediaTime position{0};
    std::string plugin{}; // which plugin asked for it; empty if none. Not told to clients.
    bool operator==(const Event&) const = default;
};

// The same of a plugin: it says what happened, to whom it may concern.
struct PluginEvent {
    std::string plugin;
    std::string name;
    Tick tick;
    Value data;
    // Who is told; not on the wire.
    Audience to = Audience::everyone;
    bool lossy = false; // a slow viewer may miss it
    ViewerId only{};    // one viewer instead; 0 = all of the audience
    bool operator==(const PluginEvent&) const = default;
};

} // namespace playhead
