#include "net/enet/datagram.hpp"

#include <enet/enet.h>

#include <bit>
#include <cstring>

namespace playhead::enet {
namespace {

static_assert(none_peer == ENET_PROTOCOL_MAXIMUM_PEER_ID);
static_assert(commands_max == ENET_PROTOCOL_MAXIMUM_PACKET_COMMANDS);

constexpr std::size_t checksum_bytes = sizeof(enet_uint32);
constexpr std::uint8_t session_channel = 0xFF; // of commands about the connection itself

// What ENet says is in network order.
std::uint16_t host_order(std::uint16_t value) {
    return std::endian::native == std::endian::little ? __builtin_bswap16(value) : value;
}
std::uint32_t host_order(std::uint32_t value) {
    return std::endian::native == std::endian::little ? __builtin_bswap32(value) : value;
}

template <class Command>
std::optional<Command> read(std::span<const std::byte> rest) {
    if (rest.size() < sizeof(Command)) return std::nullopt;
    Command command{};
    std::memcpy(&command, rest.data(), sizeof command);
    return command;
}

// The bytes that a command takes with what it carries; empty if it may not be said.
class Look {
  public:
    explicit Look(std::uint16_t reliable_arrived) : reliable_arrived_(reliable_arrived) {}

    std::optional<std::size_t> command(std::span<const std::byte> rest) const {
        const auto header = read<ENetProtocolCommandHeader>(rest);
        if (!header) return std::nullopt;
        switch (header->command & ENET_PROTOCOL_COMMAND_MASK) {
        case ENET_PROTOCOL_COMMAND_ACKNOWLEDGE: return fixed<ENetProtocolAcknowledge>(rest);
        case ENET_PROTOCOL_COMMAND_DISCONNECT: return about_session<ENetProtocolDisconnect>(*header, rest);
        case ENET_PROTOCOL_COMMAND_PING: return about_session<ENetProtocolPing>(*header, rest);
        // We take no advice about how to throttle ourselves, but it is part of what ENet says by itself.
        case ENET_PROTOCOL_COMMAND_THROTTLE_CONFIGURE:
            return about_session<ENetProtocolThrottleConfigure>(*header, rest);
        case ENET_PROTOCOL_COMMAND_BANDWIDTH_LIMIT: return bandwidth(*header, rest);
        case ENET_PROTOCOL_COMMAND_SEND_RELIABLE: return reliable(*header, rest);
        case ENET_PROTOCOL_COMMAND_SEND_FRAGMENT: return fragment(*header, rest);
        case ENET_PROTOCOL_COMMAND_SEND_UNSEQUENCED: return unsequenced(*header, rest);
        default: return std::nullopt;
        }
    }

  private:
    template <class Command>
    static std::optional<std::size_t> fixed(std::span<const std::byte> rest, std::size_t data = 0) {
        const std::size_t size = sizeof(Command) + data;
        return size <= rest.size() ? std::optional{size} : std::nullopt;
    }
    template <class Command>
    static std::optional<std::size_t> about_session(const ENetProtocolCommandHeader& header,
                                                    std::span<const std::byte> rest) {
        return header.channelID == session_channel ? fixed<Command>(rest) : std::nullopt;
    }
    static std::optional<std::size_t> bandwidth(const ENetProtocolCommandHeader& header,
                                                std::span<const std::byte> rest) {
        const auto limit = read<ENetProtocolBandwidthLimit>(rest);
        if (!limit || limit->incomingBandwidth != 0) return std::nullopt;
        return about_session<ENetProtocolBandwidthLimit>(header, rest);
    }
    // What came before is a repetition, and ENet only acknowledges it once more.
    bool near(std::uint16_t sequence) const {
        const auto ahead = static_cast<std::uint16_t>(sequence - reliable_arrived_);
        return ahead <= reliable_ahead_max || ahead >= 0x8000;
    }
    std::optional<std::size_t> reliable(const ENetProtocolCommandHeader& header,
                                        std::span<const std::byte> rest) const {
        const auto send = read<ENetProtocolSendReliable>(rest);
        if (!send || !on(header, Channel::reliable) || !near(host_order(header.reliableSequenceNumber)))
            return std::nullopt;
        return fixed<ENetProtocolSendReliable>(rest, host_order(send->dataLength));
    }
    std::optional<std::size_t> fragment(const ENetProtocolCommandHeader& header,
                                        std::span<const std::byte> rest) const {
        const auto send = read<ENetProtocolSendFragment>(rest);
        if (!send || !on(header, Channel::reliable) || !near(host_order(send->startSequenceNumber)))
            return std::nullopt;
        const std::uint32_t count = host_order(send->fragmentCount);
        const std::uint32_t total = host_order(send->totalLength);
        if (count == 0 || count > fragments_max || total > client_packet_bytes_max) return std::nullopt;
        return fixed<ENetProtocolSendFragment>(rest, host_order(send->dataLength));
    }
    static std::optional<std::size_t> unsequenced(const ENetProtocolCommandHeader& header,
                                                  std::span<const std::byte> rest) {
        const auto send = read<ENetProtocolSendUnsequenced>(rest);
        if (!send || !on(header, Channel::unsequenced)) return std::nullopt;
        return fixed<ENetProtocolSendUnsequenced>(rest, host_order(send->dataLength));
    }
    static bool on(const ENetProtocolCommandHeader& header, Channel channel) {
        return header.channelID == static_cast<std::uint8_t>(channel);
    }

    std::uint16_t reliable_arrived_;
};

} // namespace

std::optional<Head> head_of(std::span<const std::byte> datagram) {
    std::uint16_t first = 0;
    if (datagram.size() < sizeof first || datagram.size() > datagram_bytes_max) return std::nullopt;
    std::memcpy(&first, datagram.data(), sizeof first);
    first = host_order(first);
    if ((first & ENET_PROTOCOL_HEADER_FLAG_COMPRESSED) != 0) return std::nullopt; // nobody compresses
    const bool with_time = (first & ENET_PROTOCOL_HEADER_FLAG_SENT_TIME) != 0;
    const Head head{.peer = static_cast<std::uint16_t>(first & ENET_PROTOCOL_MAXIMUM_PEER_ID),
                    .bytes = (with_time ? sizeof(ENetProtocolHeader) : sizeof first) + checksum_bytes};
    return head.bytes <= datagram.size() ? std::optional{head} : std::nullopt;
}

std::optional<ConnectRequest> connect_request(std::span<const std::byte> datagram, const Head& head) {
    const auto rest = datagram.subspan(head.bytes);
    const auto connect = read<ENetProtocolConnect>(rest);
    if (head.peer != none_peer || !connect || rest.size() != sizeof(ENetProtocolConnect)) return std::nullopt;
    if ((connect->header.command & ENET_PROTOCOL_COMMAND_MASK) != ENET_PROTOCOL_COMMAND_CONNECT) return std::nullopt;
    // By another number than a client's own peers have, ENet would leave the connect id out of what it sends.
    if (host_order(connect->outgoingPeerID) >= none_peer || connect->incomingBandwidth != 0) return std::nullopt;
    if (host_order(connect->channelCount) != channel_count) return std::nullopt;
    return ConnectRequest{connect->connectID};
}

bool limit_datagrams(std::span<std::byte> datagram, const Head& head) {
    const auto at = datagram.subspan(head.bytes + offsetof(ENetProtocolConnect, mtu)).first<sizeof(std::uint32_t)>();
    std::uint32_t wanted = 0;
    std::memcpy(&wanted, at.data(), at.size());
    if (host_order(wanted) <= datagram_bytes_max) return false;
    const std::uint32_t ours = host_order(std::uint32_t{datagram_bytes_max});
    std::memcpy(at.data(), &ours, at.size());
    return true;
}

bool may_say(std::span<const std::byte> datagram, const Head& head, std::uint16_t reliable_arrived) {
    const Look look{reliable_arrived};
    auto rest = datagram.subspan(head.bytes);
    for (std::size_t commands = 0; !rest.empty(); ++commands) {
        const auto size = commands < commands_max ? look.command(rest) : std::nullopt;
        if (!size) return false;
        rest = rest.subspan(*size);
    }
    return true;
}

} // namespace playhead::enet
