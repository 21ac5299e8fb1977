#include "session/token.hpp"

#include <utility>

namespace playhead {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string to_base64url(const Secret& secret) {
    std::string text;
    text.reserve(Secret::text_length);
    std::uint32_t bits = 0;
    int bit_count = 0;
    for (const std::byte byte : secret.bytes) {
        bits = bits << 8 | std::to_integer<std::uint32_t>(byte);
        for (bit_count += 8; bit_count >= 6; bit_count -= 6) text += alphabet[bits >> (bit_count - 6) & 63];
    }
    text += alphabet[bits << (6 - bit_count) & 63];
    return text;
}

// Accepts the one canonical text of a secret: unused bits of the last character are zero.
Result<Secret> from_base64url(std::string_view text) {
    if (text.size() != Secret::text_length)
        return std::unexpected(Error{ErrorCode::token_malformed, "a token ends with 22 characters of [A-Za-z0-9_-]"});
    Secret secret;
    std::uint32_t bits = 0;
    int bit_count = 0;
    std::size_t next = 0;
    for (const char character : text) {
        const std::size_t value = alphabet.find(character);
        if (value == std::string_view::npos)
            return std::unexpected(Error{ErrorCode::token_malformed, "a token's last part is made of [A-Za-z0-9_-]"});
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            secret.bytes[next++] = static_cast<std::byte>(bits >> bit_count & 0xff);
        }
    }
    if ((bits & ((1U << bit_count) - 1)) != 0)
        return std::unexpected(Error{ErrorCode::token_malformed, "a token's last character is not one that is issued"});
    return secret;
}

} // namespace

Secret Secret::random(RandomSource& source) {
    Secret secret;
    source.fill(secret.bytes);
    return secret;
}

bool same(const Secret& a, const Secret& b) {
    std::byte difference{0};
    for (std::size_t i = 0; i < Secret::bytes_count; ++i) difference |= a.bytes[i] ^ b.bytes[i];
    return difference == std::byte{0};
}

std::string to_text(const Token& token) {
    return std::string{std::to_underlying(token.kind)} + "." + token.room.text() + "." + to_base64url(token.secret);
}

Result<Token> parse_token(std::string_view text) {
    const auto malformed = [](std::string_view what) {
        return std::unexpected(Error{ErrorCode::token_malformed, std::string{what}});
    };
    if (text.size() < 3 || text[1] != '.') return malformed("a token reads <kind>.<room>.<secret>");
    const char kind = text[0];
    if (kind != 'j' && kind != 'o' && kind != 'r')
        return malformed("a token's kind is j (join), o (owner) or r (resume)");
    const std::size_t dot = text.find('.', 2);
    if (dot == std::string_view::npos) return malformed("a token reads <kind>.<room>.<secret>");
    auto room = RoomId::parse(text.substr(2, dot - 2));
    if (!room) return malformed("the room named in the token is not a room id");
    auto secret = from_base64url(text.substr(dot + 1));
    if (!secret) return std::unexpected(secret.error());
    return Token{static_cast<TokenKind>(kind), *std::move(room), *secret};
}

} // namespace playhead
