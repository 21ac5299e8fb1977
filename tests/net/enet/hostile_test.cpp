// Those who lie, forge, repeat and flood.
#include "net/enet/enet_client.hpp"

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

Bytes disconnect() {
    ENetProtocolDisconnect command{};
    command.header.command = unsequenced(ENET_PROTOCOL_COMMAND_DISCONNECT);
    command.header.channelID = 0xFF;
    return bytes(command);
}

struct Joined {
    explicit Joined(const Settings& settings = {})
        : stage(settings),
          client(stage.host->port(), grant(1, stage.clock), stage.clock, settings.sealed) {
        REQUIRE(stage.join(client));
        stage.turns(4);
    }
    Listener& engine() { return *stage.attached[0]; }
    // It is heard, and hears.
    bool well() {
        const std::size_t before = engine().messages.size();
        client.say(bytes_of("well?"));
        return stage.run_until([&] { return engine().messages.size() > before; }, 400);
    }
    Stage stage;
    Client client;
};

} // namespace

TEST_CASE("[E10] a forged disconnect does nothing: its checksum is not the client's") {
    for (const bool sealed : {true, false}) {
        Settings settings;
        settings.sealed = sealed;
        Joined joined{settings};
        Bytes forged = joined.client.datagram_with(disconnect());
        for (std::size_t byte = 4; byte < 8; ++byte) { // all that a stranger would have to guess
            Bytes guess = forged;
            guess[byte] ^= std::byte{1};
            joined.client.raw(guess); // from the very address
        }
        joined.stage.turns(4);
        CHECK(joined.engine().closed.empty());
        CHECK(joined.well());
        joined.client.raw(forged); // this one is right, which shows that the others were refused for their checksums
        joined.stage.turns(2);
        CHECK(joined.engine().closed.size() == 1);
    }
}

TEST_CASE("[E10] an altered datagram does nothing, whichever bit it is") {
    Joined joined;
    ENetProtocolSendUnsequenced command{};
    command.header.command = unsequenced(ENET_PROTOCOL_COMMAND_SEND_UNSEQUENCED);
    command.header.channelID = 2;
    command.unsequencedGroup = htons(9);
    command.dataLength = htons(30);
    const Bytes good = joined.client.datagram_with(bytes(command, 30));
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        Bytes altered = good;
        altered[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
        joined.client.raw(altered);
        if (bit % 64 == 0) joined.stage.turn();
    }
    joined.stage.turns(2);
    CHECK(joined.engine().messages.empty());
    CHECK(joined.engine().closed.empty());
    CHECK(joined.stage.counters().unopened_dropped == 0);
    CHECK(joined.well());
}

TEST_CASE("[E10] a packet that was not sealed by the client is dropped, and the connection lives") {
    Joined joined;
    ENetProtocolSendUnsequenced command{};
    command.header.command = unsequenced(ENET_PROTOCOL_COMMAND_SEND_UNSEQUENCED);
    command.header.channelID = 2;
    for (const std::uint16_t length : std::initializer_list<std::uint16_t>{0, 1, 23, 24, 25, 100, 1000}) {
        command.unsequencedGroup = htons(static_cast<std::uint16_t>(100 + length));
        command.dataLength = htons(length);
        joined.client.raw(joined.client.datagram_with(bytes(command, length))); // with a good checksum
    }
    joined.stage.turns(2);
    CHECK(joined.engine().messages.empty());
    CHECK(joined.stage.counters().unopened_dropped == 7);
    CHECK(joined.well());
}

TEST_CASE("[E10] a packet that was captured and is sent again under a new number of ENet's is heard once") {
    Joined joined;
    seal::PacketSealer sealer{joined.client.grant.keys.client_to_engine};
    const Bytes ping = bytes_of("ping");
    Bytes sealed(ping.size() + seal::packet_overhead_bytes);
    sealer.seal(ping, sealed);
    ENetProtocolSendUnsequenced command{};
    command.header.command = unsequenced(ENET_PROTOCOL_COMMAND_SEND_UNSEQUENCED);
    command.header.channelID = 2;
    command.dataLength = htons(static_cast<std::uint16_t>(sealed.size()));
    for (std::uint16_t group = 50; group < 60; ++group) {
        command.unsequencedGroup = htons(group);
        Bytes commands = bytes(command);
        commands.insert(commands.end(), sealed.begin(), sealed.end());
        joined.client.raw(joined.client.datagram_with(commands));
    }
    joined.stage.turns(2);
    CHECK(joined.engine().messages == std::vector<Bytes>{ping});
    CHECK(joined.stage.counters().unopened_dropped == 9);
}

TEST_CASE("[E8] fragment bombs are dropped before ENet makes room for them") {
    Joined joined;
    ENetProtocolSendFragment bomb{};
    bomb.header.command = acknowledged(ENET_PROTOCOL_COMMAND_SEND_FRAGMENT);
    bomb.fragmentCount = htonl(ENET_PROTOCOL_MAXIMUM_FRAGMENT_COUNT);
    bomb.totalLength = htonl(16'000);
    bomb.dataLength = htons(1);
    for (std::uint16_t sequence = 1; sequence <= 500; ++sequence) {
        bomb.startSequenceNumber = htons(sequence);
        bomb.header.reliableSequenceNumber = bomb.startSequenceNumber;
        joined.client.raw(joined.client.datagram_with(bytes(bomb, 1)));
        if (sequence % 100 == 0) joined.stage.turn();
    }
    joined.stage.turn();
    CHECK(joined.stage.counters().forbidden_dropped == 500);
    CHECK(joined.well());
}

TEST_CASE("[E8] packets that never become whole are kept up to a limit, and then no more") {
    Joined joined;
    ENetProtocolSendFragment part{};
    part.header.command = acknowledged(ENET_PROTOCOL_COMMAND_SEND_FRAGMENT);
    part.fragmentCount = htonl(2);
    part.totalLength = htonl(16'000);
    part.dataLength = htons(1000);
    const std::uint64_t before = joined.stage.counters().datagrams_sent;
    for (std::uint16_t sequence = 2; sequence <= 100; sequence = static_cast<std::uint16_t>(sequence + 2)) {
        part.startSequenceNumber = htons(sequence);
        part.header.reliableSequenceNumber = part.startSequenceNumber;
        joined.client.raw(joined.client.datagram_with(bytes(part, 1000)));
        joined.stage.turn(1ms);
    }
    // ENet acknowledges what it keeps: 64 KiB of whole packets are four or five, and 45 are refused.
    CHECK(joined.stage.counters().datagrams_sent - before <= 6);
    CHECK(joined.engine().closed.empty());
}

TEST_CASE("datagrams longer than any of ours, or shorter than a header, do not come out of the kernel") {
    Joined joined;
    const std::uint64_t before = joined.stage.counters().datagrams_received;
    joined.client.raw(Bytes(datagram_bytes_max + 1, std::byte{1}));
    joined.client.raw(Bytes(5000, std::byte{1})); // longer than ENet's buffer: it would give up its round
    joined.client.raw(Bytes(60'000, std::byte{1}));
    joined.client.raw({}); // ENet would take it for the end of what there is
    joined.client.raw(Bytes(datagram_bytes_min - 1));
    joined.stage.turns(2);
    CHECK(joined.stage.counters().datagrams_received == before);
    joined.client.raw(Bytes(datagram_bytes_max, std::byte{1}));
    joined.client.raw(Bytes(datagram_bytes_min));
    joined.stage.turn();
    CHECK(joined.stage.counters().datagrams_received == before + 2);
    CHECK(joined.well());
}

TEST_CASE("[E8] a flood from somebody who is connected is cut to its budget, and its sender may go on") {
    Joined joined;
    for (int i = 0; i < 40; ++i) {
        for (int j = 0; j < 100; ++j) joined.client.raw(joined.client.datagram_with({}));
        joined.stage.turn(1us);
    }
    CHECK(joined.stage.counters().excess_dropped >= 2500);
    CHECK(joined.engine().closed.empty());
    joined.stage.turn(1s);
    CHECK(joined.well());
}

TEST_CASE("[E1] a flood from strangers does not touch those who are connected") {
    Joined joined;
    Client stranger{joined.stage.host->port(), grant(9, joined.stage.clock), joined.stage.clock};
    for (int i = 0; i < 20; ++i) {
        for (int j = 0; j < 100; ++j) stranger.raw(Bytes(400, static_cast<std::byte>(j)));
        joined.stage.turn(1us);
    }
    CHECK(joined.stage.counters().strangers_dropped >= 1000);
    CHECK(joined.stage.counters().links == 1);
    CHECK(joined.well());
}
