#pragma once

#include "lib/sync/controller_state.hpp"

// Starting at an instant: stop, put the player where it shall begin, and call play() as much ahead as this player is
// known to take. A scheduled start of the room, joining, and the way back after a stall are all the same thing; only
// who chose the instant differs.
namespace playhead::client::sync {

// Where the player should be at a server time, and now, on its own timeline. Unit: ms.
double player_position_ms_at(const Draft& draft, double server_ms);
double room_position_ms(const Draft& draft);

// The start that the room has agreed on and that this player has to jump for, if there is one.
std::optional<StartPlan> pending_start(const Draft& draft);

// Whether the room still wants what the plan was made for.
bool plan_holds(const Draft& draft, const StartPlan& plan);

// Adopts the room's start, unless it is already being worked on.
void adopt_plan(Draft& draft, const StartPlan& plan);

// Plans a start of our own choosing: as soon as a seek and a start can be done.
void plan_local_start(Draft& draft, std::size_t attempt);

// Whether what is buffered, and so much that is on its way, reaches to a position.
bool has_data(const Draft& draft, double position_ms, double follows_ms = 0);

// Whether a start would come early unless the player is put in place first.
bool needs_cooling(const Draft& draft);

// Seeks a stopped player to where it shall stand or start.
void put_in_place(Draft& draft, double position_ms);

// One step of the plan at hand; empty when it is done, or there is none, and the player is to be followed.
std::optional<Outcome> run_plan(Draft& draft);

} // namespace playhead::client::sync
