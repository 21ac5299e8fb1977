#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace playhead {

// How many characters so many bytes take.
constexpr std::size_t base64url_length(std::size_t bytes) { return (bytes * 4 + 2) / 3; }

// Bytes as text that is safe in URLs, without padding.   Source: RFC 4648 section 5.
std::string to_base64url(std::span<const std::byte> bytes);

// The bytes of a text. Each has one text only, so that what is compared or used once as text cannot come in another
// spelling.   Errors: empty for other characters, padding, a length no bytes have, and unused bits that are not zero.
std::optional<std::vector<std::byte>> from_base64url(std::string_view text);

} // namespace playhead
