#pragma once

#include "net/websocket/frame_codec.hpp"
#include "replication/frame.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

// The client's side of RFC 6455 as far as a load needs it, without I/O. The engine's own decoder reads what clients
// send; this reads what servers send: unmasked, and here always in one piece.
namespace playhead::load {

using websocket::Opcode;

struct ServerFrame {
    Opcode opcode = Opcode::binary;
    ByteView payload;      // borrowed
    std::size_t bytes = 0; // with its header
};

// The frame at the front of what was received; none while it has not come whole.
//   Errors: what the server did that no server may, or that none of ours does (fragments).
std::expected<std::optional<ServerFrame>, std::string> first_frame(ByteView received);

// The longest frame that is waited for: the engine's limit for a message.
constexpr std::size_t server_frame_bytes_max = 256 * 1024;

// A finished client's frame, masked as RFC 6455 section 5.3 wants it.
Bytes client_frame(Opcode opcode, ByteView payload, std::uint32_t mask);

// `subprotocol` may be empty.
std::string upgrade_request(std::string_view host, std::string_view target, std::string_view subprotocol);

// Why a server did not agree, and when it wants to be asked again, if it says so.
struct Disagreement {
    std::string why; // its first line
    std::optional<std::chrono::seconds> retry_after{};
};

// How long the head of the server's answer is, if it agreed; none while it has not come whole.
std::expected<std::optional<std::size_t>, Disagreement> agreed_head_bytes(std::string_view received);

// A request with a JSON body, the only one of its connection.
std::string post_request(std::string_view host, std::string_view target, std::string_view body);

struct HttpReply {
    int status = 0;
    std::string_view body; // borrowed
    std::optional<std::chrono::seconds> retry_after{};
};

// The server's answer, once it has come whole.
std::expected<std::optional<HttpReply>, std::string> whole_reply(std::string_view received);

} // namespace playhead::load
