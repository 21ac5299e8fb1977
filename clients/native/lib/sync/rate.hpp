#pragma once

#include "lib/sync/controller_state.hpp"

// Which rate the player should have, and writing it only when it changes.
namespace playhead::client::sync {

// Whether errors can be closed by rate: declared by the player and not disproved by its bursts.
bool has_fine_rate(const Draft& draft);

// Whether the pitch is kept, which makes the player's clock a saw-tooth and every rate change a jump.
bool keeps_pitch(const Draft& draft);

// How long a rate change takes to show. Unit: ms.
double rate_delay_ms(const Draft& draft);

// The room's rate as this player can play it, with what drift asks for.
double base_rate(const Draft& draft);

// Writes the rate if it differs from the last one written, and looks away until it shows. At the room rate 1 the pitch
// is left free: with it preserved, browsers ignore tiny rates and every change costs 20 ms at once (browser-sync.md
// section 3). Other room rates keep the pitch, for the ears. True when it was written.
bool write_rate(Draft& draft, double rate);

// Ends a burst early: it was planned on a player that moves (browser-sync.md trap 8).
void abort_burst(Draft& draft);

} // namespace playhead::client::sync
