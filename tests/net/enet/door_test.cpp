// Who comes in, and what strangers get for their datagrams.
#include "net/enet/enet_client.hpp"

using namespace playhead;
using namespace playhead::enet;
using namespace playhead::enet::test;

namespace {

template <class Words>
bool told(const Client& client) {
    return std::ranges::any_of(client.answers, [](const auto& words) { return std::holds_alternative<Words>(words); });
}
ErrorCode refusal(const Client& client) {
    for (const auto& words : client.answers)
        if (const auto* refused = std::get_if<seal::Refused>(&words)) return refused->code;
    return ErrorCode::none;
}

constexpr std::size_t handshake_begun_bytes = 10;

// Asks and answers.
void knock(Stage& stage, Client& client) {
    if (std::ranges::find(stage.clients, &client) == stage.clients.end()) stage.clients.push_back(&client);
    client.ask();
    stage.turn();
    if (client.cookie) client.answer();
    stage.turn();
}

} // namespace

TEST_CASE("[E1] [E2] [E3] whoever holds a token comes in, to the room in it") {
    Stage stage;
    Client client{stage.host->port(), grant(1, stage.clock), stage.clock};
    REQUIRE(stage.join(client));
    REQUIRE(stage.attached.size() == 1);
    CHECK(stage.attached[0]->room.text() == "den");
    REQUIRE(stage.connection().grant() != nullptr);
    CHECK(*stage.connection().grant() == client.grant);
    CHECK(stage.connection().peer().starts_with("127.0.0.1:"));
    CHECK(stage.counters().links == 1);
    CHECK(stage.counters().connected == 1);
}

TEST_CASE("[E1] strangers cost nothing and hear nothing, whatever they send") {
    Stage stage;
    Client client{stage.host->port(), grant(1, stage.clock), stage.clock};
    stage.clients.push_back(&client);
    SUBCASE("ENet's own request to connect") { client.connect(); }
    SUBCASE("bytes") { client.raw(Bytes(300, std::byte{7})); }
    SUBCASE("the beginning of a handshake") {
        client.raw(seal::handshake_magic); // the kernel keeps that one from us
        Bytes begun(handshake_begun_bytes);
        std::ranges::copy(seal::handshake_magic, begun.begin());
        client.raw(begun);
    }
    SUBCASE("an ask that was cut off") {
        Bytes ask = seal::datagram_of(seal::Ask{client.token()});
        ask.pop_back();
        client.raw(ask);
    }
    SUBCASE("an ask with another engine's token") {
        EngineRun other = engine_run();
        other.sealing_key.bytes.fill(std::byte{1});
        client.raw(seal::datagram_of(seal::Ask{token_of(client.grant, other)}));
    }
    SUBCASE("an ask with an expired token") {
        stage.clock.time += seal::connect_token_life;
        client.raw(seal::datagram_of(seal::Ask{client.token()}));
    }
    SUBCASE("an answer with a made-up cookie") {
        client.raw(seal::datagram_of(seal::Answer{client.token(), seal::Proof{}}));
    }
    SUBCASE("what only the engine says") { client.raw(seal::datagram_of(seal::Refused{ErrorCode::draining})); }
    stage.turns(5);
    CHECK(client.answers.empty());
    CHECK_FALSE(client.connected);
    CHECK(client.largest_datagram == 0);
    CHECK(stage.counters().datagrams_received > 0);
    CHECK(stage.counters().datagrams_sent == 0);
    CHECK(stage.counters().links == 0);
    CHECK(stage.used_tokens.size() == 0);
}

TEST_CASE("[E1] a cookie is good only at the address that got it") {
    Stage stage;
    const auto granted = grant(1, stage.clock);
    Client client{stage.host->port(), granted, stage.clock};
    Client thief{stage.host->port(), granted, stage.clock}; // it has seen the token and the cookie
    stage.clients = {&client, &thief};
    client.ask();
    stage.turn();
    REQUIRE(client.cookie.has_value());
    thief.cookie = client.cookie;
    thief.answer();
    stage.turns(2);
    CHECK(thief.answers.empty());
    CHECK(stage.counters().links == 0);
    client.answer();
    stage.turns(2);
    CHECK(told<seal::Expected>(client));
}

TEST_CASE("[E1] the engine never answers with more bytes than it was sent, and keeps nothing until the answer") {
    Stage stage;
    Client client{stage.host->port(), grant(1, stage.clock), stage.clock};
    stage.clients.push_back(&client);
    for (int i = 0; i < 10; ++i) client.ask();
    stage.turn();
    CHECK(client.answers.size() == 10);
    CHECK(stage.counters().links == 0);
    CHECK(stage.used_tokens.size() == 0);
    client.answer();
    stage.turn();
    CHECK(stage.counters().links == 1);
    CHECK(client.answer_bytes_max < seal::handshake_request_bytes);
}

TEST_CASE("[E2] an answer said again is answered again; the token is used once") {
    Stage stage;
    Client client{stage.host->port(), grant(1, stage.clock), stage.clock};
    knock(stage, client);
    client.answers.clear();
    for (int i = 0; i < 3; ++i) client.answer();
    stage.turns(2);
    CHECK(client.answers.size() == 3);
    CHECK(told<seal::Expected>(client));
    CHECK(stage.counters().links == 1);
    CHECK(stage.used_tokens.size() == 1);
}

TEST_CASE("[E2] a token that is used, and live, cannot be claimed from another address") {
    Stage stage;
    const auto granted = grant(1, stage.clock);
    Client client{stage.host->port(), granted, stage.clock};
    REQUIRE(stage.join(client));
    Client thief{stage.host->port(), granted, stage.clock};
    knock(stage, thief);
    CHECK(refusal(thief) == ErrorCode::token_stale);
    thief.connect();
    stage.turns(10);
    CHECK_FALSE(thief.connected);
    CHECK(stage.counters().links == 1);
    client.say(bytes_of("still here"));
    CHECK(stage.run_until([&] { return !stage.attached[0]->messages.empty(); }, 20));
}

TEST_CASE("[E2] whoever was let in and does not connect is forgotten after five seconds") {
    Stage stage;
    Client client{stage.host->port(), grant(1, stage.clock), stage.clock};
    knock(stage, client);
    stage.turn(4900ms);
    CHECK(stage.counters().links == 1);
    stage.turn(200ms);
    CHECK(stage.counters().links == 0);
    client.connect();
    stage.turns(10);
    CHECK_FALSE(client.connected);
}

TEST_CASE("[E2] a connection that is never completed takes no peer for long") {
    Settings settings;
    settings.peers_max = 1;
    Stage stage{settings};
    Client half{stage.host->port(), grant(1, stage.clock), stage.clock};
    knock(stage, half);
    half.connect();
    half.flush(); // ENet's request goes out, and what the engine answers is never read
    stage.clients.clear();
    stage.turn();
    stage.turn(5100ms);
    CHECK(stage.counters().links == 0);
    Client client{stage.host->port(), grant(2, stage.clock), stage.clock};
    CHECK(stage.join(client));
}

TEST_CASE("[E2] with all places taken a proven newcomer is told so; others hear nothing") {
    Settings settings;
    settings.peers_max = 1;
    Stage stage{settings};
    Client client{stage.host->port(), grant(1, stage.clock), stage.clock};
    REQUIRE(stage.join(client));
    Client late{stage.host->port(), grant(2, stage.clock), stage.clock};
    knock(stage, late);
    CHECK(refusal(late) == ErrorCode::room_full);
    CHECK(stage.used_tokens.size() == 1); // it may try again with the same one
    client.hang_up();
    stage.turns(2);
    late.answers.clear();
    CHECK(stage.join(late));
}

TEST_CASE("[E2] one address has a share of the places, not all of them") {
    Settings settings;
    settings.peers_per_address_max = 2;
    Stage stage{settings};
    Client first{stage.host->port(), grant(1, stage.clock), stage.clock};
    Client second{stage.host->port(), grant(2, stage.clock), stage.clock};
    Client third{stage.host->port(), grant(3, stage.clock), stage.clock};
    REQUIRE(stage.join(first));
    REQUIRE(stage.join(second));
    knock(stage, third);
    CHECK(refusal(third) == ErrorCode::rate_limited);
}

TEST_CASE("[E2] a host that drains lets nobody in") {
    Stage stage;
    Client early{stage.host->port(), grant(1, stage.clock), stage.clock};
    knock(stage, early);
    stage.host->drain();
    CHECK(stage.counters().links == 0);
    Client late{stage.host->port(), grant(2, stage.clock), stage.clock};
    knock(stage, late);
    CHECK(refusal(late) == ErrorCode::draining);
}

TEST_CASE("[E2] an address that comes again with another token takes the place of what was there") {
    Stage stage;
    Client first{stage.host->port(), grant(1, stage.clock), stage.clock};
    REQUIRE(stage.join(first));
    // The program was started anew on the same port: another handshake, another connection.
    const auto again = grant(2, stage.clock);
    first.answers.clear();
    first.raw(seal::datagram_of(seal::Ask{token_of(again)}));
    stage.turn();
    REQUIRE(told<seal::Challenge>(first));
    first.raw(seal::datagram_of(seal::Answer{token_of(again), seal::proof_of(*first.cookie, again.keys)}));
    stage.turns(2);
    CHECK(told<seal::Expected>(first));
    REQUIRE(stage.attached[0]->closed.size() == 1);
    CHECK(stage.attached[0]->closed[0].code == ErrorCode::none);
    CHECK(stage.counters().links == 1);
    CHECK(stage.counters().connected == 0);
}

TEST_CASE("[E3] a connect id that somebody has already is not given twice: the checksum's key is found by it") {
    Stage stage;
    Client first{stage.host->port(), grant(1, stage.clock), stage.clock};
    Client second{stage.host->port(), grant(2, stage.clock), stage.clock};
    first.host->randomSeed = second.host->randomSeed = 1000;
    REQUIRE(stage.join(first));
    CHECK_FALSE(stage.join(second));
    CHECK(stage.counters().forbidden_dropped > 0);
    const Frame frame{bytes_of("for the first")};
    stage.connection().send({&frame, 1});
    CHECK(stage.run_until([&] { return !first.heard.empty(); }, 20));
}

TEST_CASE("[E1] a flood of asks is opened at a bounded rate") {
    Stage stage;
    Client client{stage.host->port(), grant(1, stage.clock), stage.clock};
    stage.clients.push_back(&client);
    for (int i = 0; i < 30; ++i) {
        for (int j = 0; j < 200; ++j) client.raw(seal::datagram_of(seal::Ask{client.token()}));
        stage.turn(1us);
    }
    CHECK(client.answers.size() >= 3000);
    CHECK(client.answers.size() <= 4001);
    CHECK(stage.counters().handshakes_dropped > 0);
    stage.turn(1s);
    client.answers.clear();
    client.ask();
    stage.turn();
    CHECK(client.answers.size() == 1);
}

TEST_CASE("an address that cannot be had is told with what to do") {
    Stage stage;
    Settings settings;
    settings.host = "127.0.0.1";
    settings.port = stage.host->port();
    const auto nobody = [](const RoomId&, std::unique_ptr<Connection>) {};
    const auto make = [&] { Host{stage.io, settings, engine_run(), stage.used_tokens, stage.clock, nobody}; };
    CHECK_THROWS_WITH_AS(make(), doctest::Contains("in use"), std::runtime_error);
    settings.host = "::1";
    CHECK_THROWS_WITH_AS(make(), doctest::Contains("IPv4"), std::runtime_error);
}
