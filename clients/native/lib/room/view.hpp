#pragma once

#include "lib/session/session.hpp"
#include "playhead/api.hpp"

#include <cstdint>

namespace playhead::client {

// A colour for each viewer, far from its neighbours' (the golden angle). Unit: degrees, 0..359.
std::uint32_t hue_of(std::uint32_t viewer);

// From the replicated state in the wire's units to what an app shows; all of RoomView but `server` and `sync`.
RoomView view_of(const Session& session, double now_ms);

} // namespace playhead::client
