// What goes over a connection, and how.
#include "net/enet/enet_client.hpp"

#include <set>

using namespace playhead;
using namespace playhead::enet;
using namespace playhead::enet::test;

namespace {

Bytes numbered(std::size_t size, std::uint32_t number) {
    Bytes message(size, static_cast<std::byte>(number % 251));
    std::memcpy(message.data(), &number, std::min(size, sizeof number));
    return message;
}

bool send(Connection& connection, Delivery delivery, const Bytes& message) {
    const Frame frame{message, delivery};
    return connection.send({&frame, 1});
}

std::vector<Bytes> heard_on(const Client& client, Channel channel) {
    std::vector<Bytes> messages;
    for (const auto& [on, message] : client.heard)
        if (on == channel) messages.push_back(message);
    return messages;
}

// A client whose datagrams take a bad way.
struct Far {
    explicit Far(const Settings& settings = {}, std::uint64_t seed = 1)
        : stage(settings),
          way(stage.host->port(), seed),
          client(way.port, grant(1, stage.clock), stage.clock, settings.sealed) {
        stage.between = [this] { way.pump(); };
        client.host->mtu = client.host->peers[0].mtu = 1400; // what ENet has by itself
        REQUIRE(stage.join(client));
    }
    Connection& connection() { return stage.connection(); }
    Listener& engine() { return *stage.attached[0]; }

    Stage stage;
    BadWay way;
    Client client;
};

Settings plain() {
    Settings settings;
    settings.sealed = false;
    return settings;
}

} // namespace

TEST_CASE("[E4] each kind of frame takes its channel") {
    for (const bool sealed : {true, false}) {
        Settings settings;
        settings.sealed = sealed;
        Far far{settings};
        send(far.connection(), Delivery::reliable, bytes_of("snapshot"));
        send(far.connection(), Delivery::sequenced, bytes_of("delta"));
        send(far.connection(), Delivery::lossy, bytes_of("beacon"));
        far.client.say(bytes_of("hello"));
        far.client.say(bytes_of("ping"), Channel::unsequenced);
        REQUIRE(
            far.stage.run_until([&] { return far.client.heard.size() == 3 && far.engine().messages.size() == 2; }, 20));
        CHECK(heard_on(far.client, Channel::reliable) == std::vector<Bytes>{bytes_of("snapshot")});
        CHECK(heard_on(far.client, Channel::sequenced) == std::vector<Bytes>{bytes_of("delta")});
        CHECK(heard_on(far.client, Channel::unsequenced) == std::vector<Bytes>{bytes_of("beacon")});
        CHECK(far.engine().messages == std::vector<Bytes>{bytes_of("hello"), bytes_of("ping")});
    }
}

TEST_CASE("[E4] what was sent in one turn leaves at its end, in as few datagrams as it fits") {
    Far far;
    far.stage.turns(10);
    std::size_t datagrams = 0;
    far.way.watch = [&](const Bytes&) { ++datagrams; };
    for (int i = 0; i < 4; ++i) send(far.connection(), Delivery::lossy, numbered(200, 1));
    far.stage.turn(1us);
    CHECK(datagrams == 1);
}

TEST_CASE("[E4] no datagram is longer than 1,200 bytes, though the client asked for 1,400; a lossy frame fills one") {
    for (const Settings& settings : {Settings{}, plain()}) {
        Far far{settings};
        const std::size_t fits = far.connection().lossy_bytes_max();
        CHECK(fits == (settings.sealed ? 1144 : 1168));
        far.stage.turns(10);
        far.way.seen_by_client_max = 0;
        send(far.connection(), Delivery::sequenced, numbered(fits, 1));
        send(far.connection(), Delivery::lossy, numbered(fits, 2));
        far.stage.turns(4);
        CHECK(heard_on(far.client, Channel::sequenced).size() == 1);
        CHECK(heard_on(far.client, Channel::unsequenced).size() == 1);
        CHECK(far.way.seen_by_client_max > 1150);
        send(far.connection(), Delivery::reliable, numbered(20'000, 3));
        far.client.say(numbered(16'000, 4));
        CHECK(far.stage.run_until([&] { return far.client.heard.size() == 3 && far.engine().messages.size() == 1; },
                                  100));
        CHECK(far.way.seen_by_client_max <= datagram_bytes_max);
        CHECK(far.way.seen_by_engine_max <= datagram_bytes_max);
    }
}

TEST_CASE("[E4] a lossy frame too long for a datagram goes reliably, on the channel of what is reliable") {
    Far far;
    const std::size_t too_long = far.connection().lossy_bytes_max() + 1;
    send(far.connection(), Delivery::sequenced, numbered(too_long, 1));
    send(far.connection(), Delivery::lossy, numbered(too_long, 2));
    far.stage.turns(10);
    CHECK(heard_on(far.client, Channel::reliable).size() == 2);
    CHECK(heard_on(far.client, Channel::sequenced).empty());
}

TEST_CASE("the largest message of the engine's arrives; from a client nothing near it does") {
    Far far;
    const Bytes snapshot = numbered(server_message_bytes_max, 1);
    CHECK_FALSE(send(far.connection(), Delivery::reliable, snapshot)); // it is to wait until most of it has arrived
    CHECK(far.stage.run_until([&] { return !far.client.heard.empty(); }, 2000));
    CHECK(far.client.heard[0].second == snapshot);
    far.client.say(numbered(client_message_bytes_max, 2));
    CHECK(far.stage.run_until([&] { return far.engine().messages.size() == 1; }, 1000));
    far.client.say(numbered(client_message_bytes_max + 1, 3));
    far.stage.turns(200);
    CHECK(far.engine().messages.size() == 1);
    CHECK(far.stage.counters().forbidden_dropped > 0);
}

TEST_CASE("[E4] on a way that loses, repeats, delays and alters, what is reliable arrives once and in order") {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        INFO("seed ", seed);
        Far far{seed % 2 == 0 ? plain() : Settings{}, seed};
        far.way.manners = {
            .lost_permille = 150, .repeated_permille = 100, .late_permille = 300, .altered_permille = 50};
        std::vector<Bytes> down;
        std::vector<Bytes> up;
        for (std::uint32_t i = 0; i < 60; ++i) {
            down.push_back(numbered(i % 10 == 0 ? 5000 : 50, i));
            up.push_back(numbered(i % 20 == 0 ? 3000 : 40, i));
            send(far.connection(), Delivery::reliable, down.back());
            far.client.say(up.back());
            far.stage.turns(3);
        }
        CHECK(far.stage.run_until([&] {
            return heard_on(far.client, Channel::reliable).size() == 60 && far.engine().messages.size() == 60;
        }));
        CHECK(heard_on(far.client, Channel::reliable) == down);
        CHECK(far.engine().messages == up);
        CHECK(far.way.lost > 0);
        CHECK(far.client.unopened == 0);
    }
}

TEST_CASE("[E4] sequenced frames never go back, lossy ones never come twice, and most of both arrive") {
    Far far{{}, 7};
    far.way.manners = {.lost_permille = 100, .repeated_permille = 200, .late_permille = 300};
    for (std::uint32_t i = 0; i < 300; ++i) {
        send(far.connection(), Delivery::sequenced, numbered(60, i));
        send(far.connection(), Delivery::lossy, numbered(60, i));
        far.stage.turn();
    }
    far.stage.turns(40);
    const auto number = [](const Bytes& message) {
        std::uint32_t value = 0;
        std::memcpy(&value, message.data(), sizeof value);
        return value;
    };
    const auto sequenced = heard_on(far.client, Channel::sequenced);
    CHECK(std::ranges::is_sorted(sequenced, std::ranges::less_equal{}, number));
    CHECK(std::ranges::adjacent_find(sequenced, {}, number) == sequenced.end());
    CHECK(sequenced.size() > 120);
    std::set<std::uint32_t> seen;
    for (const Bytes& message : heard_on(far.client, Channel::unsequenced)) CHECK(seen.insert(number(message)).second);
    CHECK(seen.size() > 240);
}

TEST_CASE("[E8] nothing is dropped by ENet's throttle, whatever the client asks for and however round trips grow") {
    Far far;
    enet_peer_throttle_configure(far.client.peer, 1, 0, ENET_PEER_PACKET_THROTTLE_SCALE); // stop at the first delay
    far.stage.turns(20);
    std::uint32_t sent = 0;
    for (unsigned delay = 0; delay < 40; ++delay) { // it takes ever longer to answer
        far.way.manners.delay_turns = delay;
        for (int i = 0; i < 5; ++i) {
            send(far.connection(), Delivery::reliable, numbered(20, 0)); // measures the round trip
            send(far.connection(), Delivery::sequenced, numbered(20, ++sent));
            send(far.connection(), Delivery::lossy, numbered(20, sent));
            far.stage.turn();
        }
    }
    far.stage.turns(200);
    CHECK(heard_on(far.client, Channel::sequenced).size() == sent);
    CHECK(heard_on(far.client, Channel::unsequenced).size() == sent);
}

TEST_CASE("[S4] a slow peer is felt after 32 KiB that it has not acknowledged, and told about when it has") {
    Far far;
    far.stage.clients.clear();
    int sent = 0;
    while (send(far.connection(), Delivery::reliable, numbered(4000, 1))) REQUIRE(++sent < 20);
    CHECK(sent == 8);
    CHECK(far.connection().bytes_waiting() > 0);
    far.stage.turns(10);
    CHECK(far.engine().drained == 0);
    far.stage.clients.push_back(&far.client);
    CHECK(far.stage.run_until([&] { return far.engine().drained == 1; }, 2000));
    CHECK(far.connection().bytes_waiting() == 0);
    CHECK(far.stage.run_until([&] { return far.client.heard.size() == 9; }, 2000));
    CHECK(far.stage.counters().blocked == 1);
}

TEST_CASE("[E9] closing says goodbye after what was sent, and carries the code") {
    Far far;
    far.way.manners = {.lost_permille = 300};
    send(far.connection(), Delivery::reliable, bytes_of("goodbye"));
    far.connection().close(ErrorCode::draining, "restart");
    CHECK(far.stage.run_until([&] { return far.client.gone.has_value(); }, 4000));
    CHECK(far.client.gone == std::to_underlying(ErrorCode::draining));
    CHECK(heard_on(far.client, Channel::reliable) == std::vector<Bytes>{bytes_of("goodbye")});
    CHECK(far.stage.run_until([&] { return !far.engine().closed.empty(); }, 4000));
    CHECK(far.stage.counters().links == 0);
    CHECK(far.stage.counters().connected == 0);
}

TEST_CASE("[E9] a client that has died without a word is noticed within fifteen seconds") {
    Far far;
    send(far.connection(), Delivery::reliable, bytes_of("anyone?"));
    far.stage.clients.clear();
    const ServerTime died = far.stage.clock.time;
    CHECK(far.stage.run_until([&] { return !far.engine().closed.empty(); }));
    CHECK(far.stage.clock.time - died < 15s);
    CHECK(far.engine().closed[0].code == ErrorCode::none);
    CHECK(far.stage.counters().links == 0);
}

TEST_CASE("a quiet connection costs a datagram or two in five seconds, and lives") {
    Far far;
    far.stage.turns(400);
    std::size_t datagrams = 0;
    far.way.watch = [&](const Bytes&) { ++datagrams; };
    far.stage.turns(12'000); // a minute
    CHECK(datagrams <= 40);
    CHECK(far.engine().closed.empty());
    CHECK_FALSE(far.client.gone.has_value());
}

TEST_CASE("comings and goings are not announced to everybody") {
    Stage stage;
    Client stays{stage.host->port(), grant(1, stage.clock), stage.clock};
    REQUIRE(stage.join(stays));
    stage.turns(400);
    const std::uint64_t before = stage.counters().datagrams_sent;
    for (unsigned i = 2; i < 6; ++i) {
        Client guest{stage.host->port(), grant(i, stage.clock), stage.clock};
        REQUIRE(stage.join(guest));
        stage.clients.pop_back();
        guest.hang_up();
        stage.turns(2);
    }
    // Each guest costs a few datagrams of its own; ENet would tell everybody of a share of the bandwidth besides.
    stage.turn(2s);
    stage.turns(2);
    CHECK(stage.counters().datagrams_sent - before <= 4 * 6 + 2);
}

TEST_CASE("[E10] sealed, no payload can be read on the way; plain, it can") {
    const std::string secret = "the film begins at nine";
    for (const bool sealed : {true, false}) {
        Settings settings;
        settings.sealed = sealed;
        Far far{settings};
        bool seen = false;
        far.way.watch = [&](const Bytes& datagram) {
            seen |= !std::ranges::search(datagram, bytes_of(secret)).empty();
        };
        send(far.connection(), Delivery::reliable, bytes_of(secret));
        REQUIRE(far.stage.run_until([&] { return !far.client.heard.empty(); }, 100));
        CHECK(far.client.heard[0].second == bytes_of(secret));
        CHECK(seen == !sealed);
    }
}
