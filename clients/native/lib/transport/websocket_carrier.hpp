#pragma once

#include "lib/transport/carrier.hpp"
#include "lib/transport/trust.hpp"

#include <memory>
#include <string>

namespace playhead::client {

// A carrier over WebSocket (ws or wss): ordered and complete. `join_token` is what Hello will say.
std::unique_ptr<Carrier> make_websocket_carrier(const std::string& server, const std::string& room,
                                                std::string join_token, Trust& trust);

} // namespace playhead::client
