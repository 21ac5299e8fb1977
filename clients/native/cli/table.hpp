#pragma once

#include "playhead/room.hpp"

#include <string>

namespace playhead::cli {

// A room for people: what it plays, who watches, and how far each is off. Text of others comes out as shown().
std::string room_table(const client::RoomView& view, double position_ms);
// The queue: one line an item, with the number that `remove` and `play` take.
std::string queue_table(const client::RoomView& view);

} // namespace playhead::cli
