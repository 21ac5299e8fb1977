#include "lib/transport/enet_datagram.hpp"
#include "lib/transport/enet_handshake.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <initializer_list>
#include <string>

using namespace playhead::client;
namespace seal = playhead::seal;
using playhead::Bytes;
using playhead::ByteView;

namespace {

const seal::PeerKeys keys{{}, {{std::byte{1}}}};

Bytes of(const seal::Handshake& handshake) { return seal::datagram_of(handshake); }

seal::Handshake said(const Bytes& datagram) { return seal::parse_handshake(datagram).value(); }

Bytes bytes(std::initializer_list<int> values) {
    Bytes result;
    for (const int value : values) result.push_back(static_cast<std::byte>(value));
    return result;
}

// ENet's header with a time and a checksum, then commands.
Bytes datagram(const Bytes& commands) {
    Bytes result = bytes({0x80, 0x00, 0x12, 0x34, 1, 2, 3, 4});
    result.insert(result.end(), commands.begin(), commands.end());
    return result;
}

Bytes fragment(std::uint32_t count, std::uint32_t total, int data) {
    const auto byte = [](std::uint32_t value, int at) { return static_cast<int>(value >> (8 * at) & 0xff); };
    Bytes result = bytes({0x88,
                          0,
                          0,
                          1,
                          0,
                          1,
                          0,
                          data, //
                          byte(count, 3),
                          byte(count, 2),
                          byte(count, 1),
                          byte(count, 0),
                          0,
                          0,
                          0,
                          0, //
                          byte(total, 3),
                          byte(total, 2),
                          byte(total, 1),
                          byte(total, 0),
                          0,
                          0,
                          0,
                          0});
    result.resize(result.size() + static_cast<std::size_t>(data));
    return result;
}

} // namespace

TEST_CASE("the handshake asks, answers the challenge at once, and is expected") {
    EnetHandshake handshake{"c.cinema.token", keys, 0};
    const auto ask = handshake.due(0);
    REQUIRE(ask);
    CHECK(std::get<seal::Ask>(said(*ask)).token == "c.cinema.token");
    CHECK_FALSE(handshake.due(10));
    seal::Cookie cookie{};
    cookie[0] = std::byte{7};
    handshake.received(of(seal::Challenge{cookie}), 20);
    const auto answer = handshake.due(20);
    REQUIRE(answer);
    CHECK(std::get<seal::Answer>(said(*answer)).proof == seal::proof_of(cookie, keys));
    CHECK(std::get<seal::Answer>(said(*answer)).token == "c.cinema.token");
    CHECK_FALSE(handshake.expected());
    handshake.received(of(seal::Expected{}), 40);
    CHECK(handshake.expected());
    CHECK_FALSE(handshake.due(10'000));
    CHECK_FALSE(handshake.failure(10'000));
}

TEST_CASE("what is lost is said again every quarter of a second, for five seconds") {
    EnetHandshake handshake{"c.cinema.token", keys, 0};
    int asked = 0;
    for (int now_ms = 0; now_ms < EnetHandshake::patience_ms; now_ms += 10) {
        if (handshake.due(now_ms)) ++asked;
        CHECK_FALSE(handshake.failure(now_ms));
    }
    CHECK(asked == 20);
    REQUIRE(handshake.failure(EnetHandshake::patience_ms));
    CHECK(handshake.failure(EnetHandshake::patience_ms)->code == ErrorCode::unreachable);
}

TEST_CASE("a refusal ends it, and nobody is believed before the cookie is there") {
    EnetHandshake handshake{"c.cinema.token", keys, 0};
    handshake.received(of(seal::Expected{}), 0);
    CHECK_FALSE(handshake.expected());
    handshake.received(of(seal::Refused{playhead::ErrorCode::banned}), 0);
    CHECK_FALSE(handshake.failure(0));
    handshake.received(of(seal::Challenge{}), 0);
    handshake.received(of(seal::Refused{playhead::ErrorCode::token_stale}), 0);
    REQUIRE(handshake.failure(0));
    CHECK(handshake.failure(0)->code == ErrorCode::token_stale);
    CHECK_FALSE(handshake.due(1'000));
    handshake.received(of(seal::Expected{}), 0);
    CHECK_FALSE(handshake.expected());
}

TEST_CASE("datagrams that are no answer are ignored, cut off anywhere too") {
    EnetHandshake handshake{"c.cinema.token", keys, 0};
    const Bytes challenge = of(seal::Challenge{});
    for (std::size_t length = 0; length < challenge.size(); ++length)
        handshake.received(ByteView{challenge}.first(length), 0);
    handshake.received(of(seal::Ask{"c.other"}), 0);
    const auto ask = handshake.due(0);
    REQUIRE(ask);
    CHECK(std::holds_alternative<seal::Ask>(said(*ask)));
}

TEST_CASE("what an engine may say to ENet: whole commands, and messages that could be ours") {
    CHECK(engine_may_say(datagram({})));
    CHECK(engine_may_say(datagram(bytes({0x85, 0xff, 0, 1}))));                   // a ping
    CHECK(engine_may_say(datagram(bytes({0x86, 0, 0, 1, 0, 3, 'a', 'b', 'c'})))); // reliable
    CHECK(engine_may_say(datagram(bytes({0x07, 1, 0, 1, 0, 1, 0, 1, 'a'}))));     // unreliable
    CHECK(engine_may_say(datagram(bytes({0x49, 2, 0, 1, 0, 1, 0, 1, 'a'}))));     // unsequenced
    CHECK(engine_may_say(datagram(fragment(220, 256 * 1024, 100))));
}

TEST_CASE("what no engine says is not shown to ENet") {
    CHECK_FALSE(engine_may_say({}));
    CHECK_FALSE(engine_may_say(bytes({0x80})));
    CHECK_FALSE(engine_may_say(bytes({0x80, 0, 0, 0, 1, 2, 3})));                  // no checksum
    CHECK_FALSE(engine_may_say(bytes({0x40, 0, 0, 0, 1, 2, 3, 4})));               // compressed
    CHECK_FALSE(engine_may_say(datagram(bytes({0x80, 0xff, 0, 1}))));              // no command
    CHECK_FALSE(engine_may_say(datagram(bytes({0x8d, 0xff, 0, 1}))));              // one that there is not
    CHECK_FALSE(engine_may_say(datagram(bytes({0x82, 0xff, 0, 1}))));              // connect
    CHECK_FALSE(engine_may_say(datagram(bytes({0x86, 0, 0, 1, 0, 4, 'a', 'b'})))); // more than there is
    CHECK_FALSE(engine_may_say(datagram(bytes({0x85, 0xff, 0}))));                 // half a ping
    CHECK_FALSE(engine_may_say(datagram(fragment(1'000'000, 256 * 1024, 1))));     // a bomb
    CHECK_FALSE(engine_may_say(datagram(fragment(2, 2'000'000, 1))));
}
