#pragma once

#include "replication/frame.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

// The client's side of RFC 6455, as right or as wrong as a test wants it.
namespace playhead::websocket::test {

inline Bytes bytes_of(std::string_view text) {
    const auto view = std::as_bytes(std::span{text});
    return {view.begin(), view.end()};
}
inline Bytes bytes_of(std::initializer_list<unsigned> values) {
    Bytes bytes;
    for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
    return bytes;
}
inline Bytes operator+(Bytes left, const Bytes& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

struct ClientFrame {
    unsigned first = 0x82; // FIN + binary
    Bytes payload;
    bool masked = true;
    int length_bytes = -1;         // 0, 2 or 8; -1: the shortest form
    std::int64_t says_length = -1; // -1: the truth
    std::array<unsigned, 4> key{0x37, 0xfa, 0x21, 0x3d};
};

inline Bytes encode(const ClientFrame& frame) {
    const auto length = frame.says_length == -1 ? frame.payload.size() : static_cast<std::uint64_t>(frame.says_length);
    const int form = frame.length_bytes != -1 ? frame.length_bytes : length < 126 ? 0 : length < 65536 ? 2 : 8;
    const unsigned mask = frame.masked ? 0x80 : 0;
    Bytes bytes = bytes_of({frame.first, mask | (form == 8 ? 127U : form == 2 ? 126U : static_cast<unsigned>(length))});
    for (int shift = (form - 1) * 8; shift >= 0; shift -= 8)
        bytes.push_back(static_cast<std::byte>(length >> static_cast<unsigned>(shift) & 0xffU));
    if (frame.masked)
        for (const unsigned part : frame.key) bytes.push_back(static_cast<std::byte>(part));
    for (std::size_t i = 0; i < frame.payload.size(); ++i)
        bytes.push_back(frame.masked ? frame.payload[i] ^ static_cast<std::byte>(frame.key[i % 4]) : frame.payload[i]);
    return bytes;
}

inline Bytes binary(Bytes payload) { return encode({.first = 0x82, .payload = std::move(payload)}); }
inline Bytes ping(Bytes payload) { return encode({.first = 0x89, .payload = std::move(payload)}); }
inline Bytes pong(Bytes payload) { return encode({.first = 0x8a, .payload = std::move(payload)}); }
inline Bytes close_frame(std::uint16_t code, std::string_view reason = {}) {
    return encode({.first = 0x88, .payload = bytes_of({unsigned{code} >> 8U, code & 0xffU}) + bytes_of(reason)});
}
inline Bytes close_frame_empty() { return encode({.first = 0x88, .payload = {}}); }

} // namespace playhead::websocket::test
