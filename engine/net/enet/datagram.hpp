#pragma once

#include "replication/decode.hpp"
#include "seal/packet.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

// A look at what a client's datagram says before ENet obeys it. ENet takes far more from a peer than a viewer ever has
// to say: a fragment of one byte that claims a million fragments costs it 128 KiB, and it keeps 32,768 of those;
// packets of no bytes count against no limit; bandwidths and throttles of the client's choosing hold for what we send.
// So only what PROTOCOL.md lets a client say is let through, a datagram as a whole or not at all.
//   Pure: no ENet, no socket.   Source: ENet 1.3.17, protocol.h (the layout) and protocol.c (what each command does).
namespace playhead::enet {

// One datagram, headers of ENet included; nothing of ours is longer, in either direction. It fits every path of the
// Internet with what tunnels add.
inline constexpr std::size_t datagram_bytes_max = 1200;
inline constexpr std::size_t datagram_bytes_min = 6; // a header without a time, and the checksum
// Commands that ENet puts into one datagram, at most.
inline constexpr std::size_t commands_max = 32;
// What a client may send as one message, sealed; and in how many pieces (ENet makes 15 at our size of datagrams, and 31
// at the smallest that it has).
inline constexpr std::size_t client_packet_bytes_max = client_message_bytes_max + seal::packet_overhead_bytes;
inline constexpr std::size_t fragments_max = 32;
// How far ahead of what has come in order a client's reliable commands may be: what is kept of what came too early.
inline constexpr std::uint16_t reliable_ahead_max = 128;

// One-way streets of a connection.
enum class Channel : std::uint8_t { reliable = 0, sequenced = 1, unsequenced = 2 };
inline constexpr std::size_t channel_count = 3;

// Who the datagram is for.
struct Head {
    std::uint16_t peer = 0; // which of our peers; none_peer: it wants to connect
    std::size_t bytes = 0;  // ENet's header, the checksum at its end included
};
inline constexpr std::uint16_t none_peer = 0xFFF;
std::optional<Head> head_of(std::span<const std::byte> datagram);

// A request to connect, the one command of its datagram.
struct ConnectRequest {
    std::uint32_t connect_id = 0; // as it stands in the datagram: it is only ever compared
};
std::optional<ConnectRequest> connect_request(std::span<const std::byte> datagram, const Head& head);
// Sets what a request asks for as the largest datagram to ours, where it is larger. True if that changed it.
bool limit_datagrams(std::span<std::byte> datagram, const Head& head);

// Whether an established client may say this. `reliable_arrived`: the last reliable sequence that ENet has taken from
// it in order.
bool may_say(std::span<const std::byte> datagram, const Head& head, std::uint16_t reliable_arrived);

} // namespace playhead::enet
