#include "seal/handshake.hpp"

#include "core/overloaded.hpp"
#include "seal/little_endian.hpp"
#include "seal/sodium.hpp"

#include <sodium/crypto_generichash.h>
#include <sodium/utils.h>

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

namespace playhead::seal {
namespace {

enum class Type : std::uint8_t { ask = 1, challenge, answer, expected, refused };

constexpr std::size_t head_bytes = handshake_magic.size() + 1;
constexpr std::size_t length_bytes = 2;
constexpr std::size_t challenge_bytes = head_bytes + sizeof(Cookie);
constexpr std::size_t refused_bytes = head_bytes + 2;
constexpr Purpose cookies{"cookies_"};
constexpr Purpose answers{"answers_"};
constexpr std::chrono::seconds cookie_span{30};

static_assert(head_bytes + sizeof(Proof) + length_bytes + connect_token_text_max <= handshake_request_bytes);
// Whoever writes another's address into his datagrams gets nothing for his bytes.
static_assert(challenge_bytes <= handshake_request_bytes && refused_bytes <= handshake_request_bytes);

std::unexpected<Error> malformed(std::string message) {
    return std::unexpected(Error{ErrorCode::malformed, std::move(message)});
}

Result<std::string_view> token_in(std::span<const std::byte> rest) {
    const std::size_t length = get<std::uint16_t>(rest.first<length_bytes>());
    if (length == 0 || length > connect_token_text_max)
        return malformed("a connect token has 1 to " + std::to_string(connect_token_text_max) + " bytes");
    const auto padding = rest.subspan(length_bytes + length);
    if (std::ranges::any_of(padding, [](std::byte byte) { return byte != std::byte{0}; }))
        return malformed("behind the token stand zeros");
    return std::string_view{reinterpret_cast<const char*>(rest.data() + length_bytes), length};
}

std::array<std::byte, 16> secret_in(std::span<const std::byte> rest) {
    static_assert(sizeof(Cookie) == 16 && sizeof(Proof) == 16);
    std::array<std::byte, 16> secret{};
    std::ranges::copy(rest.first<16>(), secret.begin());
    return secret;
}

std::vector<std::byte> begun(Type type, std::size_t bytes) {
    std::vector<std::byte> datagram(bytes);
    std::ranges::copy(handshake_magic, datagram.begin());
    datagram[handshake_magic.size()] = static_cast<std::byte>(type);
    return datagram;
}

void put_token(std::span<std::byte> rest, std::string_view token) {
    assert(!token.empty() && token.size() <= connect_token_text_max);
    put(rest.first<length_bytes>(), static_cast<std::uint16_t>(token.size()));
    std::ranges::copy(std::as_bytes(std::span{token}), rest.subspan(length_bytes).begin());
}

std::int64_t span_of(ServerTime now) {
    return std::chrono::floor<std::chrono::seconds>(now).time_since_epoch() / cookie_span;
}

Cookie cookie_of(const Key& key, std::span<const std::byte> address, const Serial& serial, std::int64_t span) {
    std::array<std::byte, 8> when{};
    put(std::span{when}, static_cast<std::uint64_t>(span));
    crypto_generichash_state state;
    Cookie cookie{};
    crypto_generichash_init(&state, raw(key.bytes.data()), key.bytes.size(), cookie.size());
    crypto_generichash_update(&state, raw(when.data()), when.size());
    crypto_generichash_update(&state, raw(serial.data()), serial.size());
    crypto_generichash_update(&state, raw(address.data()), address.size());
    crypto_generichash_final(&state, raw(cookie.data()), cookie.size());
    return cookie;
}

} // namespace

bool is_handshake(std::span<const std::byte> datagram) {
    return datagram.size() >= head_bytes &&
           std::ranges::equal(datagram.first<handshake_magic.size()>(), handshake_magic);
}

Result<Handshake> parse_handshake(std::span<const std::byte> datagram) {
    if (!is_handshake(datagram)) return malformed("no datagram of the handshake");
    const auto rest = datagram.subspan(head_bytes);
    const auto wrong_size = [&](std::size_t right) -> std::optional<Error> {
        if (datagram.size() == right) return std::nullopt;
        return Error{ErrorCode::malformed, "a datagram of this type has " + std::to_string(right) + " bytes, not " +
                                               std::to_string(datagram.size())};
    };
    switch (Type{std::to_integer<std::uint8_t>(datagram[handshake_magic.size()])}) {
    case Type::ask: {
        if (auto wrong = wrong_size(handshake_request_bytes)) return std::unexpected(*std::move(wrong));
        const auto token = token_in(rest);
        if (!token) return std::unexpected(token.error());
        return Ask{*token};
    }
    case Type::challenge: {
        if (auto wrong = wrong_size(challenge_bytes)) return std::unexpected(*std::move(wrong));
        return Challenge{secret_in(rest)};
    }
    case Type::answer: {
        if (auto wrong = wrong_size(handshake_request_bytes)) return std::unexpected(*std::move(wrong));
        const auto token = token_in(rest.subspan(sizeof(Proof)));
        if (!token) return std::unexpected(token.error());
        return Answer{*token, secret_in(rest)};
    }
    case Type::expected: {
        if (auto wrong = wrong_size(head_bytes)) return std::unexpected(*std::move(wrong));
        return Expected{};
    }
    case Type::refused: {
        if (auto wrong = wrong_size(refused_bytes)) return std::unexpected(*std::move(wrong));
        const ErrorCode code{get<std::uint16_t>(rest.first<2>())};
        if (code == ErrorCode::none) return malformed("a refusal has a code");
        return Refused{code};
    }
    }
    return malformed("the handshake has no such type of datagram");
}

std::vector<std::byte> datagram_of(const Handshake& handshake) {
    return std::visit(Overloaded{
                          [](const Ask& ask) {
                              auto datagram = begun(Type::ask, handshake_request_bytes);
                              put_token(std::span{datagram}.subspan(head_bytes), ask.token);
                              return datagram;
                          },
                          [](const Challenge& challenge) {
                              auto datagram = begun(Type::challenge, challenge_bytes);
                              std::ranges::copy(challenge.cookie, datagram.begin() + head_bytes);
                              return datagram;
                          },
                          [](const Answer& answer) {
                              auto datagram = begun(Type::answer, handshake_request_bytes);
                              const auto rest = std::span{datagram}.subspan(head_bytes);
                              std::ranges::copy(answer.proof, rest.begin());
                              put_token(rest.subspan(sizeof(Proof)), answer.token);
                              return datagram;
                          },
                          [](const Expected&) { return begun(Type::expected, head_bytes); },
                          [](const Refused& refused) {
                              auto datagram = begun(Type::refused, refused_bytes);
                              put(std::span{datagram}.subspan(head_bytes).first<2>(), std::to_underlying(refused.code));
                              return datagram;
                          },
                      },
                      handshake);
}

Proof proof_of(const Cookie& cookie, const PeerKeys& keys) {
    const Key key = derived(keys.client_to_engine, answers);
    Proof proof{};
    crypto_generichash(raw(proof.data()), proof.size(), raw(cookie.data()), cookie.size(), raw(key.bytes.data()),
                       key.bytes.size());
    return proof;
}

CookieJar::CookieJar(const Key& key) : key_(derived(key, cookies)) {}

Cookie CookieJar::cookie(std::span<const std::byte> address, const Serial& serial, ServerTime now) const {
    return cookie_of(key_, address, serial, span_of(now));
}

bool CookieJar::fits(const Proof& proof, std::span<const std::byte> address, const ConnectGrant& grant,
                     ServerTime now) const {
    const auto is_of = [&](std::int64_t span) {
        const Proof right = proof_of(cookie_of(key_, address, grant.serial, span), grant.keys);
        return sodium_memcmp(proof.data(), right.data(), right.size()) == 0;
    };
    return is_of(span_of(now)) || is_of(span_of(now) - 1);
}

} // namespace playhead::seal
