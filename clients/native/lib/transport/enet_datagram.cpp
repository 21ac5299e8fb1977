#include "lib/transport/enet_datagram.hpp"

#include "replication/decode.hpp"
#include "seal/packet.hpp"

#include <enet/enet.h>

#include <arpa/inet.h>
#include <cstring>
#include <optional>

namespace playhead::client {
namespace {

constexpr std::size_t checksum_bytes = sizeof(enet_uint32);
constexpr std::size_t packet_bytes_max = server_message_bytes_max + seal::packet_overhead_bytes;
// No piece but the last is smaller than what the smallest datagram of ENet (576 bytes) has room for.
constexpr std::size_t piece_bytes_min = 500;
constexpr std::size_t pieces_max = packet_bytes_max / piece_bytes_min + 1;

template <class Command>
std::optional<Command> read(ByteView rest) {
    if (rest.size() < sizeof(Command)) return std::nullopt;
    Command command{};
    std::memcpy(&command, rest.data(), sizeof command);
    return command;
}

// The bytes that follow a command's own; empty if it may not be said.
std::optional<std::size_t> data_of(enet_uint8 command, ByteView rest) {
    switch (command) {
    case ENET_PROTOCOL_COMMAND_SEND_RELIABLE: {
        const auto send = read<ENetProtocolSendReliable>(rest);
        return send ? std::optional<std::size_t>{ntohs(send->dataLength)} : std::nullopt;
    }
    case ENET_PROTOCOL_COMMAND_SEND_UNRELIABLE: {
        const auto send = read<ENetProtocolSendUnreliable>(rest);
        return send ? std::optional<std::size_t>{ntohs(send->dataLength)} : std::nullopt;
    }
    case ENET_PROTOCOL_COMMAND_SEND_UNSEQUENCED: {
        const auto send = read<ENetProtocolSendUnsequenced>(rest);
        return send ? std::optional<std::size_t>{ntohs(send->dataLength)} : std::nullopt;
    }
    case ENET_PROTOCOL_COMMAND_SEND_FRAGMENT:
    case ENET_PROTOCOL_COMMAND_SEND_UNRELIABLE_FRAGMENT: {
        const auto send = read<ENetProtocolSendFragment>(rest);
        if (!send || ntohl(send->fragmentCount) > pieces_max || ntohl(send->totalLength) > packet_bytes_max)
            return std::nullopt;
        return ntohs(send->dataLength);
    }
    default: return 0;
    }
}

std::size_t size_of(enet_uint8 command) {
    switch (command) {
    case ENET_PROTOCOL_COMMAND_ACKNOWLEDGE: return sizeof(ENetProtocolAcknowledge);
    case ENET_PROTOCOL_COMMAND_VERIFY_CONNECT: return sizeof(ENetProtocolVerifyConnect);
    case ENET_PROTOCOL_COMMAND_DISCONNECT: return sizeof(ENetProtocolDisconnect);
    case ENET_PROTOCOL_COMMAND_PING: return sizeof(ENetProtocolPing);
    case ENET_PROTOCOL_COMMAND_SEND_RELIABLE: return sizeof(ENetProtocolSendReliable);
    case ENET_PROTOCOL_COMMAND_SEND_UNRELIABLE: return sizeof(ENetProtocolSendUnreliable);
    case ENET_PROTOCOL_COMMAND_SEND_FRAGMENT:
    case ENET_PROTOCOL_COMMAND_SEND_UNRELIABLE_FRAGMENT: return sizeof(ENetProtocolSendFragment);
    case ENET_PROTOCOL_COMMAND_SEND_UNSEQUENCED: return sizeof(ENetProtocolSendUnsequenced);
    case ENET_PROTOCOL_COMMAND_BANDWIDTH_LIMIT: return sizeof(ENetProtocolBandwidthLimit);
    case ENET_PROTOCOL_COMMAND_THROTTLE_CONFIGURE: return sizeof(ENetProtocolThrottleConfigure);
    default: return 0; // CONNECT among them: an engine connects to nobody
    }
}

} // namespace

bool engine_may_say(ByteView datagram) {
    enet_uint16 first = 0;
    if (datagram.size() < sizeof first) return false;
    std::memcpy(&first, datagram.data(), sizeof first);
    first = ntohs(first);
    if ((first & ENET_PROTOCOL_HEADER_FLAG_COMPRESSED) != 0) return false; // nobody compresses
    const bool timed = (first & ENET_PROTOCOL_HEADER_FLAG_SENT_TIME) != 0;
    const std::size_t head = (timed ? sizeof(ENetProtocolHeader) : sizeof first) + checksum_bytes;
    if (datagram.size() < head) return false;
    for (ByteView rest = datagram.subspan(head); !rest.empty();) {
        const auto header = read<ENetProtocolCommandHeader>(rest);
        if (!header) return false;
        const auto command = static_cast<enet_uint8>(header->command & ENET_PROTOCOL_COMMAND_MASK);
        const std::size_t size = size_of(command);
        const auto data = data_of(command, rest);
        if (size == 0 || size > rest.size() || !data || *data > rest.size() - size) return false;
        rest = rest.subspan(size + *data);
    }
    return true;
}

} // namespace playhead::client
