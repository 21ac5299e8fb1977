#pragma once

#include "lib/sync/controller_state.hpp"

// Following a playing room: measure, then close the error with one well-shaped burst of rate, or with a seek where
// rates do not work or would take too long.
namespace playhead::client::sync {

// One step of a player that plays in a room that plays.
Outcome follow(Draft& draft);

} // namespace playhead::client::sync
