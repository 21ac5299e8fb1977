#pragma once

#include "core/time.hpp"
#include "lib/sync/motion.hpp"
#include "room/command.hpp"

#include <cstdint>
#include <optional>

// What the room will make of a command, so that it can be shown before the room has answered. The rules are the room's
// own (room/motion.hpp), as far as one viewer can know what it knows; the room's answer replaces whatever this says.
namespace playhead::client::sync {

// When and where a command was given. Fixed then, so that predicting again gives the same motion.
struct Issue {
    // Server time at which the person acted. Unit: ms.
    double server_ms = 0;
    // What the person's screen showed.
    std::optional<MediaTime> position;
    TickLength tick_length;
    // Ticks after the action at which a start, or a start after a seek, is expected.
    std::uint32_t start_ticks = 0;
    std::uint32_t seek_ticks = 0;
    // 0 = not known.
    MediaTime duration{0};
};

// The motion after a command; the same where it changes nothing (any more), as a load, a name or a plugin's command
// does.
RoomMotion predict(const RoomMotion& motion, const Action& action, const Issue& issue);

} // namespace playhead::client::sync
