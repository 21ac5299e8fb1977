#pragma once

#include "net/http/message.hpp"

#include <span>
#include <string>
#include <string_view>

namespace playhead::http {

inline constexpr std::string_view websocket_protocol = "playhead.v1";

// Whether a page of `origin` may act here: one served under the same host as it asks, or one in `allowed`.
// An empty origin is no browser's, or that of a plain GET, and is allowed.
bool origin_allowed(std::string_view origin, std::string_view host, std::span<const std::string> allowed);

// Everything about a WebSocket handshake but the room.
//   Errors: 400 (key, subprotocol, extensions, Host), 403 (foreign Origin), 426 (no upgrade asked for, or another
//   version). Source: RFC 6455 sections 4.2, 4.3 and 9.1; tests/conformance holds them row by row.
Expected<void> check_handshake(const Request& request, std::span<const std::string> allowed_origins);

} // namespace playhead::http
