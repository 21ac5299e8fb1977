#pragma once

#include "lib/sync/controller_state.hpp"

// Learning how fast the player's own clock drifts, so that a permanent trim of the rate replaces a correction every few
// seconds. One interval between two corrections says too little: a slip of the audio device looks like drift. Two that
// agree are believed (browser-sync.md trap 9), or three short ones.
namespace playhead::client::sync {

// Feeds one steady measurement. True when the trim has changed.
bool observe_drift(Draft& draft, double error_ms);

} // namespace playhead::client::sync
