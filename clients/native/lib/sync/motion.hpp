#pragma once

#include "core/time.hpp"
#include "room/playhead.hpp"

// The room's playhead as arithmetic in floating point: where the media should be at an instant between ticks. Times of
// the client are doubles in milliseconds, as in the TypeScript SDK; what comes from the room stays in the room's types.
namespace playhead::client::sync {

// The room's own, not those of the public view.
using RoomPlayhead = playhead::Playhead;
using RoomMotion = playhead::Motion;

// Server time at which a playhead takes over. Unit: ms.
double anchor_ms(const RoomPlayhead& playhead, TickLength tick_length);

// The playhead that holds at a server time.
const RoomPlayhead& playhead_at(const RoomMotion& motion, double server_ms, TickLength tick_length);

// Position on a playhead at a server time, never before its anchor. Unit: ms.
double position_ms_at(const RoomPlayhead& playhead, double server_ms, TickLength tick_length);

} // namespace playhead::client::sync
