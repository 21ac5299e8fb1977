#pragma once

#include "playhead/room.hpp"

namespace playhead::programs {

// A room's view as programs print it with --json: the fields of RoomView under the same names, plugins as they stand.
Value state_json(const client::Room& room);
// The same without viewers and plugins: for what is printed again and again.
Value summary_json(const client::Room& room);

} // namespace playhead::programs
