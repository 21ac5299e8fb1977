#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace playhead {

// One code point and how many bytes it took.
struct CodePoint {
    char32_t value = 0;
    std::size_t length = 0;
    bool operator==(const CodePoint&) const = default;
};

// Reads the code point at the start of `text`.
//   Errors: empty for anything that is not well-formed: overlong forms, surrogates, above U+10FFFF, cut short, no text.
//   Source: Unicode 15, table 3-7 (well-formed UTF-8 byte sequences).
std::optional<CodePoint> first_code_point(std::string_view text);

bool valid_utf8(std::string_view text);

// The longest start of valid `text` that has at most `bytes_max` bytes and cuts no code point.
std::string_view cut_utf8(std::string_view text, std::size_t bytes_max);

} // namespace playhead
