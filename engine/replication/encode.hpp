#pragma once

#include "replication/frame.hpp"
#include "replication/messages.hpp"

namespace playhead {

// Turns a message into its wire form. The engine sends ServerMessages, clients (tests, simulation, native)
// ClientMessages.
//   Thread: uses one builder per thread; any thread.
Frame encode(const ServerMessage& message);
Bytes encode(const ClientMessage& message);

} // namespace playhead
