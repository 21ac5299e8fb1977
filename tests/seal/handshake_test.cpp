#include "seal/handshake.hpp"
#include "seal/support.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace playhead;
using namespace playhead::seal;
using namespace playhead::test;
using std::chrono::seconds;

namespace {

const std::string longest(connect_token_text_max, 't');

Cookie some_cookie() {
    Cookie cookie{};
    for (std::size_t i = 0; i < cookie.size(); ++i) cookie[i] = static_cast<std::byte>(0xA0 + i);
    return cookie;
}

std::vector<Bytes> one_of_each() {
    return {datagram_of(Ask{"c.cinema.AAAA"}), datagram_of(Challenge{some_cookie()}),
            datagram_of(Answer{"c.cinema.AAAA", some_cookie()}), datagram_of(Expected{}),
            datagram_of(Refused{ErrorCode::token_stale})};
}

std::string_view outcome(std::span<const std::byte> datagram) {
    const auto parsed = parse_handshake(datagram);
    return parsed ? "parsed" : name_of(parsed.error().code);
}

} // namespace

TEST_CASE("[K6] each datagram of the handshake says what it was made of") {
    for (const std::string& token : {std::string{"c"}, std::string{"c.cinema.AAAA"}, longest}) {
        const Bytes ask = datagram_of(Ask{token});
        CHECK(std::get<Ask>(parse_handshake(ask).value()).token == token);
        const Bytes answer = datagram_of(Answer{token, some_cookie()});
        const auto parsed = std::get<Answer>(parse_handshake(answer).value());
        CHECK(parsed.token == token);
        CHECK(parsed.proof == some_cookie());
    }
    const Bytes challenge = datagram_of(Challenge{some_cookie()});
    CHECK(std::get<Challenge>(parse_handshake(challenge).value()).cookie == some_cookie());
    const Bytes expected = datagram_of(Expected{});
    CHECK(std::holds_alternative<Expected>(parse_handshake(expected).value()));
    const Bytes refused = datagram_of(Refused{ErrorCode::room_full});
    CHECK(std::get<Refused>(parse_handshake(refused).value()).code == ErrorCode::room_full);
}

TEST_CASE("[K6] the bytes are those of the protocol") {
    const Bytes ask = datagram_of(Ask{"c.x"});
    const Bytes head = {std::byte{0xFF}, std::byte{0xFF}, std::byte{'P'}, std::byte{'H'}, std::byte{1},
                        std::byte{3},    std::byte{0},    std::byte{'c'}, std::byte{'.'}, std::byte{'x'}};
    CHECK(std::ranges::equal(std::span{ask}.first(head.size()), head));
    CHECK(datagram_of(Challenge{some_cookie()})[4] == std::byte{2});
    const Bytes answer = datagram_of(Answer{"c.x", some_cookie()});
    CHECK(answer[4] == std::byte{3});
    CHECK(answer[5] == std::byte{0xA0});
    CHECK(answer[21] == std::byte{3});
    CHECK(answer[23] == std::byte{'c'});
    CHECK(datagram_of(Expected{}).size() == 5);
    const Bytes refused = datagram_of(Refused{ErrorCode::token_stale});
    CHECK(refused.size() == 7);
    CHECK(refused[4] == std::byte{5});
    CHECK(refused[5] == static_cast<std::byte>(ErrorCode::token_stale));
}

TEST_CASE("[K7] the engine never answers with more bytes than it was sent") {
    for (const std::string& token : {std::string{"c"}, longest}) {
        CHECK(datagram_of(Ask{token}).size() == handshake_request_bytes);
        CHECK(datagram_of(Answer{token, {}}).size() == handshake_request_bytes);
    }
    for (const Bytes& said :
         {datagram_of(Challenge{}), datagram_of(Expected{}), datagram_of(Refused{ErrorCode::banned})})
        CHECK(said.size() * 30 <= handshake_request_bytes);
}

TEST_CASE("[K6] a datagram that was cut or has grown is refused") {
    for (const Bytes& datagram : one_of_each()) {
        CHECK(outcome(datagram) == "parsed");
        for (std::size_t size = 0; size < datagram.size(); ++size) {
            CAPTURE(size);
            CHECK(outcome(std::span{datagram}.first(size)) == "malformed");
        }
        Bytes longer = datagram;
        longer.push_back(std::byte{0});
        CHECK(outcome(longer) == "malformed");
    }
}

TEST_CASE("[K6] the first bytes alone tell the handshake from ENet's datagrams and from anything else") {
    for (const Bytes& datagram : one_of_each()) {
        CHECK(is_handshake(datagram));
        for (std::size_t at = 0; at < 4; ++at) {
            Bytes other = datagram;
            other[at] ^= std::byte{1};
            CHECK_FALSE(is_handshake(other));
            CHECK(outcome(other) == "malformed");
        }
    }
    CHECK_FALSE(is_handshake({}));
    CHECK_FALSE(is_handshake(bytes_of("\xff\xffPH"))); // no type
    // ENet's first bytes: peer and session, with the mark of a sent time; 0x4000 would say compressed.
    for (unsigned first = 0; first < 0x10000; ++first) {
        if ((first & 0x4000) != 0) continue;
        const Bytes enet = {static_cast<std::byte>(first >> 8), static_cast<std::byte>(first & 0xff), std::byte{'P'},
                            std::byte{'H'}, std::byte{1}};
        REQUIRE_FALSE(is_handshake(enet));
    }
}

TEST_CASE("[K6] lies about lengths, padding that is none, types and codes that are none are refused") {
    for (unsigned type = 0; type < 256; ++type) {
        Bytes datagram = datagram_of(Expected{});
        datagram[4] = static_cast<std::byte>(type);
        CHECK((outcome(datagram) == "parsed") == (type == 4));
    }
    const Bytes good = datagram_of(Ask{"c.x"});
    for (const unsigned length : {0U, unsigned{connect_token_text_max} + 1, 633U, 634U, 0x8003U, 0xffffU}) {
        Bytes lie = good;
        lie[5] = static_cast<std::byte>(length & 0xff);
        lie[6] = static_cast<std::byte>(length >> 8);
        CAPTURE(length);
        CHECK(outcome(lie) == "malformed");
    }
    for (std::size_t at = 10; at < good.size(); ++at) {
        Bytes lie = good;
        lie[at] = std::byte{1};
        CHECK(outcome(lie) == "malformed");
    }
    Bytes refusal = datagram_of(Refused{ErrorCode::banned});
    refusal[5] = std::byte{0};
    CHECK(outcome(refusal) == "malformed");
}

TEST_CASE("[K8] an answer fits the address, the token, its keys and the engine that it was made for") {
    const CookieJar jar{key_of(1)};
    const ServerTime now{seconds{100}};
    const Bytes address = bytes_of("\x7f\x01\x01\x01\x10\x92");
    const ConnectGrant grant = some_grant();
    const Cookie cookie = jar.cookie(address, grant.serial, now);
    const Proof proof = proof_of(cookie, grant.keys);
    CHECK(jar.fits(proof, address, grant, now));
    CHECK_FALSE(jar.fits(proof, bytes_of("\x7f\x01\x01\x01\x10\x93"), grant, now));
    CHECK_FALSE(jar.fits(proof, bytes_of("\x7f\x01\x01\x02\x10\x92"), grant, now));
    CHECK_FALSE(jar.fits(proof, {}, grant, now));
    ConnectGrant other = grant;
    other.serial[0] ^= std::byte{1};
    CHECK_FALSE(jar.fits(proof, address, other, now));
    CHECK_FALSE(CookieJar{key_of(2)}.fits(proof, address, grant, now));
    for (std::size_t at = 0; at < proof.size(); ++at) {
        Proof altered = proof;
        altered[at] ^= std::byte{0x10};
        CHECK_FALSE(jar.fits(altered, address, grant, now));
    }
    // Who has read the cookie on its way, and has copied the token, lacks the keys.
    CHECK_FALSE(jar.fits(cookie, address, grant, now));
    CHECK_FALSE(jar.fits(proof_of(cookie, PeerKeys{}), address, grant, now));
    CHECK_FALSE(
        jar.fits(proof_of(cookie, {grant.keys.engine_to_client, grant.keys.client_to_engine}), address, grant, now));
}

// Made by Python's hashlib, which shares nothing with libsodium.
TEST_CASE("[K8] the proof of the protocol's golden example") {
    PeerKeys keys;
    for (std::size_t i = 0; i < Key::bytes_count; ++i) keys.client_to_engine.bytes[i] = static_cast<std::byte>(i);
    CHECK(hex_of(proof_of(some_cookie(), keys)) == "5485f0750f909a4d3cbc371bbf88b7fb");
}

TEST_CASE("[K8] an answer fits in the half minute of its cookie and the next, and at no other time") {
    const CookieJar jar{key_of(1)};
    const Bytes address = bytes_of("here");
    const ConnectGrant grant = some_grant();
    const Proof proof = proof_of(jar.cookie(address, grant.serial, ServerTime{seconds{60}}), grant.keys);
    const auto fits_at = [&](ServerTime time) { return jar.fits(proof, address, grant, time); };
    CHECK_FALSE(fits_at(ServerTime{seconds{60}} - Microseconds{1}));
    CHECK(fits_at(ServerTime{seconds{60}}));
    CHECK(fits_at(ServerTime{seconds{120}} - Microseconds{1}));
    CHECK_FALSE(fits_at(ServerTime{seconds{120}}));
    const Proof first = proof_of(jar.cookie(address, grant.serial, ServerTime{}), grant.keys);
    CHECK(jar.fits(first, address, grant, ServerTime{}));
}
