// What of ENet's language a client may speak.
#include "net/enet/enet_client.hpp"

#include <functional>

using namespace playhead;
using namespace playhead::enet;
using namespace playhead::enet::test;

namespace {

template <class Command>
Bytes bytes(const Command& command, std::size_t data = 0) {
    Bytes all(sizeof command + data);
    std::memcpy(all.data(), &command, sizeof command);
    return all;
}

Bytes datagram(const Bytes& commands, std::uint16_t head = 0x8000) {
    Bytes all(8);
    const std::uint16_t first = htons(head);
    std::memcpy(all.data(), &first, sizeof first);
    all.insert(all.end(), commands.begin(), commands.end());
    return all;
}

bool may_say(const Bytes& commands, std::uint16_t arrived = 0) {
    const Bytes all = datagram(commands);
    const auto head = head_of(all);
    REQUIRE(head.has_value());
    return enet::may_say(all, *head, arrived);
}

ENetProtocolSendReliable reliable(std::uint16_t sequence, std::uint16_t length, Channel channel = Channel::reliable) {
    ENetProtocolSendReliable command{};
    command.header.command = acknowledged(ENET_PROTOCOL_COMMAND_SEND_RELIABLE);
    command.header.channelID = static_cast<enet_uint8>(channel);
    command.header.reliableSequenceNumber = htons(sequence);
    command.dataLength = htons(length);
    return command;
}

ENetProtocolSendFragment fragment(std::uint32_t count, std::uint32_t total, std::uint16_t length = 1) {
    ENetProtocolSendFragment command{};
    command.header.command = acknowledged(ENET_PROTOCOL_COMMAND_SEND_FRAGMENT);
    command.header.reliableSequenceNumber = htons(1);
    command.startSequenceNumber = htons(1);
    command.fragmentCount = htonl(count);
    command.totalLength = htonl(total);
    command.dataLength = htons(length);
    return command;
}

template <class Command>
Command about_session(int kind) {
    Command command{};
    command.header.command = acknowledged(kind);
    command.header.channelID = 0xFF;
    return command;
}

ENetProtocolConnect connect() {
    auto command = about_session<ENetProtocolConnect>(ENET_PROTOCOL_COMMAND_CONNECT);
    command.mtu = htonl(1400);
    command.channelCount = htonl(channel_count);
    command.connectID = 0x01020304;
    return command;
}

} // namespace

TEST_CASE("[E8] what a client of ours says is let through") {
    CHECK(may_say(bytes(reliable(1, 100), 100)));
    CHECK(may_say(bytes(about_session<ENetProtocolPing>(ENET_PROTOCOL_COMMAND_PING))));
    CHECK(may_say(bytes(about_session<ENetProtocolDisconnect>(ENET_PROTOCOL_COMMAND_DISCONNECT))));
    CHECK(may_say(bytes(about_session<ENetProtocolThrottleConfigure>(ENET_PROTOCOL_COMMAND_THROTTLE_CONFIGURE))));
    CHECK(may_say(bytes(about_session<ENetProtocolBandwidthLimit>(ENET_PROTOCOL_COMMAND_BANDWIDTH_LIMIT))));
    CHECK(may_say(bytes(fragment(15, client_packet_bytes_max, 100), 100)));
    ENetProtocolSendUnsequenced ping{};
    ping.header.command = unsequenced(ENET_PROTOCOL_COMMAND_SEND_UNSEQUENCED);
    ping.header.channelID = 2;
    ping.dataLength = htons(40);
    CHECK(may_say(bytes(ping, 40)));
    ENetProtocolAcknowledge acknowledge{};
    acknowledge.header.command = ENET_PROTOCOL_COMMAND_ACKNOWLEDGE;
    Bytes both = bytes(acknowledge);
    const Bytes more = bytes(ping, 40);
    both.insert(both.end(), more.begin(), more.end());
    CHECK(may_say(both));
    CHECK(may_say({})); // ENet sends no such thing, and it does nothing
}

TEST_CASE("[E8] a fragment bomb is dropped: many fragments of few bytes, or more bytes than a message has") {
    CHECK_FALSE(may_say(bytes(fragment(1'000'000, 1), 1)));
    CHECK_FALSE(may_say(bytes(fragment(fragments_max + 1, client_packet_bytes_max), 1)));
    CHECK_FALSE(may_say(bytes(fragment(2, client_packet_bytes_max + 1), 1)));
    CHECK_FALSE(may_say(bytes(fragment(0, 100), 1)));
    auto unreliable = fragment(2, 100);
    unreliable.header.command = ENET_PROTOCOL_COMMAND_SEND_UNRELIABLE_FRAGMENT;
    CHECK_FALSE(may_say(bytes(unreliable, 1)));
    auto elsewhere = fragment(2, 100);
    elsewhere.header.channelID = 1;
    CHECK_FALSE(may_say(bytes(elsewhere, 1)));
}

TEST_CASE("[E8] what would have to wait for much else to come is dropped, what has come before is not") {
    CHECK(may_say(bytes(reliable(reliable_ahead_max, 0))));
    CHECK_FALSE(may_say(bytes(reliable(reliable_ahead_max + 1, 0))));
    CHECK(may_say(bytes(reliable(5, 0)), 10));
    CHECK(may_say(bytes(reliable(3, 0)), 0xFFFF)); // the numbers go round
    CHECK_FALSE(may_say(bytes(reliable(0x7FFF, 0)), 0));
}

TEST_CASE("[E8] other channels, other ways and bandwidths of its own are not for clients") {
    CHECK_FALSE(may_say(bytes(reliable(1, 0, Channel::sequenced))));
    CHECK_FALSE(may_say(bytes(reliable(1, 0, Channel::unsequenced))));
    ENetProtocolSendUnreliable unreliable{};
    unreliable.header.command = ENET_PROTOCOL_COMMAND_SEND_UNRELIABLE;
    unreliable.header.channelID = 1;
    CHECK_FALSE(may_say(bytes(unreliable)));
    auto bandwidth = about_session<ENetProtocolBandwidthLimit>(ENET_PROTOCOL_COMMAND_BANDWIDTH_LIMIT);
    bandwidth.incomingBandwidth = htonl(1);
    CHECK_FALSE(may_say(bytes(bandwidth)));
    CHECK_FALSE(may_say(bytes(about_session<ENetProtocolVerifyConnect>(ENET_PROTOCOL_COMMAND_VERIFY_CONNECT))));
    CHECK_FALSE(may_say(bytes(connect())));
    auto off_channel = about_session<ENetProtocolPing>(ENET_PROTOCOL_COMMAND_PING);
    off_channel.header.channelID = 0;
    CHECK_FALSE(may_say(bytes(off_channel)));
}

TEST_CASE("[E8] a datagram is let through as a whole or not at all") {
    Bytes many;
    const Bytes one = bytes(about_session<ENetProtocolPing>(ENET_PROTOCOL_COMMAND_PING));
    for (std::size_t i = 0; i < commands_max; ++i) many.insert(many.end(), one.begin(), one.end());
    CHECK(may_say(many));
    many.insert(many.end(), one.begin(), one.end());
    CHECK_FALSE(may_say(many));
    for (enet_uint8 kind = 0; kind < 16; ++kind) { // cut off anywhere, each command is refused
        Bytes command(40);
        command[0] = std::byte{kind};
        command[1] = std::byte{0xFF};
        for (std::size_t size = 1; size < 4; ++size)
            CHECK_FALSE(may_say({command.begin(), command.begin() + static_cast<std::ptrdiff_t>(size)}));
    }
    CHECK_FALSE(may_say(bytes(reliable(1, 101), 100)));
    CHECK_FALSE(may_say(bytes(fragment(2, 100, 11), 10)));
}

TEST_CASE("the head of a datagram: too short, too long and compressed ones have none") {
    CHECK_FALSE(head_of({}).has_value());
    CHECK_FALSE(head_of(Bytes(1)).has_value());
    CHECK_FALSE(head_of(Bytes(5)).has_value());
    CHECK(head_of(Bytes(6))->bytes == 6);
    CHECK(head_of(datagram({}))->bytes == 8);
    CHECK_FALSE(head_of(datagram({}, 0xC000)).has_value());
    CHECK(head_of(datagram(Bytes(datagram_bytes_max - 8))).has_value());
    CHECK_FALSE(head_of(datagram(Bytes(datagram_bytes_max - 7))).has_value());
    CHECK(head_of(datagram({}, 0x8000 | 0x3000 | 17))->peer == 17);
}

TEST_CASE(
    "[E3] a request to connect numbers its own peer, asks for three channels and for no bandwidth, and stands alone") {
    const auto request = [](const std::function<void(ENetProtocolConnect&)>& change, std::size_t more = 0,
                            std::uint16_t head = 0x8FFF) {
        auto command = connect();
        change(command);
        const Bytes all = datagram(bytes(command, more), head);
        return connect_request(all, *head_of(all));
    };
    CHECK(request([](auto&) {})->connect_id == 0x01020304);
    CHECK_FALSE(request([](auto& c) { c.outgoingPeerID = htons(none_peer); }).has_value());
    CHECK_FALSE(request([](auto& c) { c.incomingBandwidth = htonl(1000); }).has_value());
    CHECK_FALSE(request([](auto& c) { c.channelCount = htonl(255); }).has_value());
    CHECK_FALSE(request([](auto& c) { c.header.command = ENET_PROTOCOL_COMMAND_PING; }).has_value());
    CHECK_FALSE(request([](auto&) {}, 4).has_value());
    CHECK_FALSE(request([](auto&) {}, 0, 0x8000).has_value());
}

TEST_CASE("a request for larger datagrams than ours is made one for ours") {
    Bytes large = datagram(bytes(connect()), 0x8FFF);
    const auto head = *head_of(large);
    CHECK(limit_datagrams(large, head));
    ENetProtocolConnect changed;
    std::memcpy(&changed, large.data() + head.bytes, sizeof changed);
    CHECK(ntohl(changed.mtu) == datagram_bytes_max);
    CHECK_FALSE(limit_datagrams(large, head));
}
