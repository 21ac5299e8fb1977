#pragma once

#include "replication/frame.hpp"

namespace playhead::client {

// A look at an engine's datagram before ENet obeys it: whether it holds together, and asks for no more memory than one
// message may take. ENet would keep 128 KiB for a fragment of one byte that claims a million others, and 32,768 of
// those.
//   Pure.   Source: ENet 1.3.17, protocol.h (the layout).
bool engine_may_say(ByteView datagram);

} // namespace playhead::client
