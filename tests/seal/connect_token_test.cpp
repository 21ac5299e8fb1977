#include "seal/connect_token.hpp"
#include "seal/support.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace playhead;
using namespace playhead::seal;
using namespace playhead::test;
using std::chrono::seconds;

namespace {

constexpr std::uint64_t clock_id = 0x1122334455667788;
const Key engine = key_of(0xE1);
const Nonce nonce = [] {
    Nonce some{};
    some.fill(std::byte{0x24});
    return some;
}();
constexpr ServerTime before_expiry{seconds{29}};

std::string_view outcome(std::string_view text, ServerTime now = before_expiry) {
    const auto grant = open_connect_token(text, engine, clock_id, now);
    return grant ? "opened" : name_of(grant.error().code);
}

ConnectGrant numbered(std::uint32_t number, ServerTime expires) {
    ConnectGrant grant = some_grant();
    for (std::size_t i = 0; i < 4; ++i) grant.serial[i] = static_cast<std::byte>(number >> (8 * i) & 0xff);
    grant.expires = expires;
    return grant;
}

} // namespace

TEST_CASE("[J12] a connect token says to its engine what it was made of, and nothing to others") {
    for (const std::string& room : {std::string{"a"}, std::string{"cinema"}, std::string(RoomId::length_max, '-')}) {
        CAPTURE(room);
        const ConnectGrant grant = some_grant(room);
        const std::string text = seal::seal(grant, engine, nonce);
        CHECK(text.starts_with("c." + room + "."));
        CHECK(text.size() <= connect_token_text_max);
        CHECK(open_connect_token(text, engine, clock_id, before_expiry) == grant);
    }
}

TEST_CASE("[J12] a connect token of nobody yet, with the least and the most of everything") {
    ConnectGrant grant = some_grant();
    grant.viewer = ViewerId{0};
    grant.roles = 0;
    grant.expires = ServerTime{time_max};
    CHECK(open_connect_token(seal::seal(grant, engine, nonce), engine, clock_id, before_expiry) == grant);
    grant.viewer = ViewerId{0xffffffff};
    grant.roles = 0xffffffff;
    grant.expires = ServerTime{Microseconds{1}};
    CHECK(open_connect_token(seal::seal(grant, engine, nonce), engine, clock_id, ServerTime{}) == grant);
}

TEST_CASE("[J12] a connect token altered at any place opens nothing, and its refusal repeats none of it") {
    const std::string text = seal::seal(some_grant(), engine, nonce);
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (const char other : std::string_view{"AQgw_.-c\0 \xc3", 11}) {
            if (text[at] == other) continue;
            std::string altered = text;
            altered[at] = other;
            CAPTURE(altered);
            const auto grant = open_connect_token(altered, engine, clock_id, before_expiry);
            REQUIRE_FALSE(grant);
            CHECK((grant.error().code == ErrorCode::token_malformed || grant.error().code == ErrorCode::token_wrong));
            CHECK(grant.error().message.find(text.substr(20, 8)) == std::string::npos);
        }
    }
    CHECK(outcome(text) == "opened");
}

TEST_CASE("[J12] a connect token that was cut or has grown is none") {
    const std::string text = seal::seal(some_grant(), engine, nonce);
    for (std::size_t size = 0; size < text.size(); ++size) {
        CAPTURE(size);
        CHECK(outcome(text.substr(0, size)) == "token_malformed");
    }
    for (const std::string more : {"A", "AA", "AAA", "AAAA", "=", ".", " ", "\n"}) {
        CHECK(outcome(text + more) == "token_malformed");
        CHECK(outcome(more + text) == "token_malformed");
    }
    CHECK(outcome(text + std::string(1'000'000, 'A')) == "token_malformed");
    CHECK(outcome("j" + text.substr(1)) == "token_malformed");
}

TEST_CASE("[J12] a connect token is for one room, one engine and one run of it") {
    const std::string text = seal::seal(some_grant("cinema"), engine, nonce);
    CHECK(outcome("c.cinemb." + text.substr(9)) == "token_wrong");
    CHECK(outcome("c.cinem." + text.substr(9)) == "token_wrong");
    CHECK(open_connect_token(text, key_of(0xE2), clock_id, before_expiry).error().code == ErrorCode::token_wrong);
    CHECK(open_connect_token(text, engine, clock_id + 1, before_expiry).error().code == ErrorCode::token_wrong);
}

TEST_CASE("[J12] two connect tokens of one grant differ, since their nonces do") {
    Nonce other = nonce;
    other[0] ^= std::byte{1};
    const std::string one = seal::seal(some_grant(), engine, nonce);
    const std::string two = seal::seal(some_grant(), engine, other);
    std::size_t same = 0;
    for (std::size_t i = 0; i < one.size(); ++i) same += one[i] == two[i];
    CHECK(same < one.size() / 2); // the room and the nonce
    CHECK(outcome(two) == "opened");
}

TEST_CASE("[J12] a connect token expires at the microsecond that it says") {
    const std::string text = seal::seal(some_grant(), engine, nonce);
    CHECK(outcome(text, ServerTime{seconds{30}} - Microseconds{1}) == "opened");
    CHECK(outcome(text, ServerTime{seconds{30}}) == "token_stale");
    CHECK(outcome(text, ServerTime{time_max}) == "token_stale");
}

TEST_CASE("[J12] a connect token is good once, and forgotten when it would have expired") {
    UsedTokens used;
    const ConnectGrant grant = numbered(1, ServerTime{seconds{30}});
    CHECK_FALSE(used.used(grant));
    CHECK(used.use(grant, ServerTime{seconds{1}}));
    CHECK(used.used(grant));
    CHECK(used.use(grant, ServerTime{seconds{2}}).error().code == ErrorCode::token_stale);
    CHECK(used.use(grant, ServerTime{seconds{30}} - Microseconds{1}).error().code == ErrorCode::token_stale);
    // Forgotten now; and it must not come to life again by that.
    CHECK(used.use(grant, ServerTime{seconds{30}}).error().code == ErrorCode::token_stale);
    CHECK(used.size() == 0);
    CHECK(used.use(numbered(2, ServerTime{seconds{60}}), ServerTime{seconds{31}}));
    CHECK(used.size() == 1);
}

TEST_CASE("[J12] so many connect tokens at once are refused with a time, until the first have expired") {
    UsedTokens used;
    const ServerTime expires{seconds{30}};
    std::uint32_t number = 0;
    for (; number < UsedTokens::entries_max; ++number)
        REQUIRE(used.use(numbered(number, expires + Microseconds{number}), ServerTime{}));
    const auto refused = used.use(numbered(number, ServerTime{seconds{40}}), expires - Microseconds{1});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::rate_limited);
    CHECK(refused.error().retry_ms > 0);
    CHECK(used.size() == UsedTokens::entries_max);
    CHECK(used.use(numbered(0, expires), expires - Microseconds{1}).error().code == ErrorCode::token_stale);
    CHECK(used.use(numbered(number, ServerTime{seconds{40}}), expires));
    CHECK(used.size() == UsedTokens::entries_max);
}
