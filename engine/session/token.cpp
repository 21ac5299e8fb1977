#include "session/token.hpp"

#include "core/base64url.hpp"

#include <algorithm>
#include <utility>

namespace playhead {
namespace {

static_assert(base64url_length(Secret::bytes_count) == Secret::text_length);

Result<Secret> parse_secret(std::string_view text) {
    if (text.size() != Secret::text_length)
        return std::unexpected(Error{ErrorCode::token_malformed, "a token ends with 22 characters of [A-Za-z0-9_-]"});
    const auto bytes = from_base64url(text);
    if (!bytes)
        return std::unexpected(
            Error{ErrorCode::token_malformed,
                  "a token's last part is made of [A-Za-z0-9_-], and its last character is one that is issued"});
    Secret secret;
    std::ranges::copy(*bytes, secret.bytes.begin());
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
    return std::string{std::to_underlying(token.kind)} + "." + token.room.text() + "." +
           to_base64url(token.secret.bytes);
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
    auto secret = parse_secret(text.substr(dot + 1));
    if (!secret) return std::unexpected(secret.error());
    return Token{static_cast<TokenKind>(kind), *std::move(room), *secret};
}

} // namespace playhead
