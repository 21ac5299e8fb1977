#pragma once

#include <optional>
#include <string_view>

namespace playhead::client {

// What the sync controller is doing with the player.
enum class Phase {
    idle,       // nothing to follow, or not its turn
    blocked,    // the player refuses to start
    held,       // the room is paused, and the player stands with it
    priming,    // being put where a start will be
    starting,   // play() was called, and what its clock says is not true yet
    following,  // playing with the room
    correcting, // playing a little faster or slower, to be in step again
    stalled,    // out of data
    ended,      // at the end of the media
};

std::string_view name(Phase phase);

// How the player stands to the room, for a badge. Units: milliseconds.
struct SyncStatus {
    Phase phase = Phase::idle;
    // Player minus room; not set while it means nothing.
    std::optional<double> error_ms;
    double rate = 1;
    bool stalled = false;
    bool blocked = false;
    // This player cannot be steered finely: its error is what it is.
    bool inexact = false;
    double buffer_ms = 0;
    std::optional<double> duration_ms;
    bool other_copy = false; // what plays is not the room's own address

    bool operator==(const SyncStatus&) const = default;
};

} // namespace playhead::client
