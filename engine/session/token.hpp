#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "session/clock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace playhead {

// 128 unpredictable bits: who can say them may do what the token's kind and room say.
struct Secret {
    static constexpr std::size_t bytes_count = 16;
    static constexpr std::size_t text_length = 22; // base64url without padding
    std::array<std::byte, bytes_count> bytes{};

    static Secret random(RandomSource& source);
};

// Takes the same time wherever the two differ, so that a token cannot be guessed byte by byte.
bool same(const Secret& a, const Secret& b);

enum class TokenKind : char { join = 'j', owner = 'o', resume = 'r' };

// A token as text: <kind>.<room>.<22 base64url characters>. The room in it tells a stale link from a foreign one, and
// later which shard or machine to ask.
struct Token {
    TokenKind kind = TokenKind::join;
    RoomId room;
    Secret secret;
};

std::string to_text(const Token& token);

// Errors: token_malformed. Messages name what is wrong with the shape and never repeat the token.
Result<Token> parse_token(std::string_view text);

} // namespace playhead
