#pragma once

#include "core/result.hpp"
#include "replication/frame.hpp"
#include "replication/messages.hpp"

namespace playhead {

// The largest message a client may send, and a client accepts from the engine (a snapshot of a full room).
inline constexpr std::size_t client_message_bytes_max = 16 * 1024;
inline constexpr std::size_t server_message_bytes_max = 256 * 1024;

// The one parser of outside bytes: verifies the FlatBuffer (depth, tables, bounds) before anything is read, then every
// enum, length, range and UTF-8 string. What it returns is safe to use; what it refuses it refuses with a reason.
//   Errors: malformed, too_large, out_of_range.
//   `bytes_max` is for who has bounded them otherwise.
Result<ClientMessage> decode_client(ByteView bytes, std::size_t bytes_max = client_message_bytes_max);
Result<ServerMessage> decode_server(ByteView bytes);

} // namespace playhead
