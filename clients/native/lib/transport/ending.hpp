#pragma once

#include "playhead/api.hpp"
#include "replication/messages.hpp"

#include <cstdint>
#include <string>

namespace playhead::client {

// How a connection, or an attempt at one, ended: with a goodbye, with a close code only, or by our own finding.
struct Ending {
    ErrorCode code = ErrorCode::unreachable;
    std::string message;
    bool resumable = true; // the place is kept for a while
    double retry_ms = 0;   // not sooner than this
    bool operator==(const Ending&) const = default;
};

Ending ending_of(const Goodbye& goodbye);
// A WebSocket that closed without a goodbye.
Ending ending_of_close(std::uint32_t close_code);
// An ENet peer that was disconnected; the engine's data is an ErrorCode.
Ending ending_of_disconnect(std::uint32_t data);
Ending unreachable(std::string message);

} // namespace playhead::client
