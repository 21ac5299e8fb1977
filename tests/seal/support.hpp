#pragma once

#include "core/random.hpp"
#include "seal/connect_token.hpp"
#include "seal/key.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace playhead::test {

using Bytes = std::vector<std::byte>;

inline Bytes bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span{text});
    return {bytes.begin(), bytes.end()};
}

inline Bytes random_bytes(Random& random, std::size_t count) {
    Bytes bytes(count);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.below(256));
    return bytes;
}

inline std::string hex_of(std::span<const std::byte> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::byte byte : bytes) {
        text += digits[std::to_integer<std::size_t>(byte >> 4)];
        text += digits[std::to_integer<std::size_t>(byte & std::byte{15})];
    }
    return text;
}

// A key of which every byte is the same: easy to make elsewhere, too.
inline seal::Key key_of(unsigned char byte) {
    seal::Key key;
    key.bytes.fill(std::byte{byte});
    return key;
}

inline seal::ConnectGrant some_grant(std::string_view room = "cinema") {
    seal::ConnectGrant grant{.serial = {},
                             .room = *RoomId::parse(room),
                             .clock_id = 0x1122334455667788,
                             .expires = ServerTime{std::chrono::seconds{30}},
                             .viewer = ViewerId{7},
                             .roles = 0x80000001,
                             .keys = {key_of(0xC1), key_of(0x5E)},
                             .epoch = Epoch{0x99AABBCC}};
    grant.serial.fill(std::byte{0x5A});
    return grant;
}

} // namespace playhead::test
