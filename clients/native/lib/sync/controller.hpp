#pragma once

#include "lib/sync/controller_state.hpp"

// The sync controller: turns where the room is and what the player reports into as few actions as possible. It is one
// pure function over a small state, the same as clients/sdk/src/sync/controller.ts (tests/vectors/controller.json holds
// the two together); sync_loop.hpp is the thin driver around it.
//
// It knows two situations. A player that has to get somewhere (a scheduled start, a join, the way back from a stall) is
// stopped, put in place and started a learnt latency ahead: start_plan.hpp. A player that plays is measured, left alone
// while it is within a few milliseconds, and otherwise corrected by one burst of rate: correction.hpp. Everything
// between is looking away, because after play(), a rate change or a stall a player's clock is wrong for a while.
namespace playhead::client::sync {

// Decides what to do with the player now.
//   Pure:   the same state and input give the same result; feed the returned state to the next step.
//   Errors: none; while there is nothing to follow it does nothing and asks to be woken later.
StepResult step(ControllerState state, const ControllerInput& input);

} // namespace playhead::client::sync
