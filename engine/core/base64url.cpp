#include "core/base64url.hpp"

#include <array>
#include <cstdint>

namespace playhead {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t no_digit = 64;

constexpr std::array<std::uint8_t, 256> digits = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(no_digit);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        table[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
    return table;
}();

} // namespace

std::string to_base64url(std::span<const std::byte> bytes) {
    std::string text;
    text.reserve(base64url_length(bytes.size()));
    std::uint32_t bits = 0;
    int bit_count = 0;
    for (const std::byte byte : bytes) {
        bits = bits << 8 | std::to_integer<std::uint32_t>(byte);
        for (bit_count += 8; bit_count >= 6; bit_count -= 6) text += alphabet[bits >> (bit_count - 6) & 63];
    }
    if (bit_count > 0) text += alphabet[bits << (6 - bit_count) & 63];
    return text;
}

std::optional<std::vector<std::byte>> from_base64url(std::string_view text) {
    if (text.size() % 4 == 1) return std::nullopt;
    std::vector<std::byte> bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    int bit_count = 0;
    for (const char character : text) {
        const std::uint8_t digit = digits[static_cast<std::uint8_t>(character)];
        if (digit == no_digit) return std::nullopt;
        bits = bits << 6 | digit;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            bytes.push_back(static_cast<std::byte>(bits >> bit_count & 0xff));
        }
    }
    if ((bits & ((1U << bit_count) - 1)) != 0) return std::nullopt;
    return bytes;
}

} // namespace playhead
