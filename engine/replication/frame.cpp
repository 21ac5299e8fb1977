#include "replication/frame.hpp"

#include <array>
#include <cstdint>

namespace playhead {
namespace {

// FIN and the opcode of a binary message.
constexpr std::byte final_binary{0x82};
constexpr std::uint8_t length_follows_in_16_bits = 126;
constexpr std::uint8_t length_follows_in_64_bits = 127;

Bytes header_of(std::size_t payload_bytes) {
    Bytes header{final_binary};
    const auto big_endian = [&](int bytes) {
        for (int byte = bytes - 1; byte >= 0; --byte) {
            header.push_back(static_cast<std::byte>((std::uint64_t{payload_bytes} >> (8 * byte)) & 0xFF));
        }
    };
    if (payload_bytes < length_follows_in_16_bits) {
        header.push_back(static_cast<std::byte>(payload_bytes));
    } else if (payload_bytes <= 0xFFFF) {
        header.push_back(std::byte{length_follows_in_16_bits});
        big_endian(2);
    } else {
        header.push_back(std::byte{length_follows_in_64_bits});
        big_endian(8);
    }
    return header;
}

} // namespace

Frame::Frame(ByteView payload) {
    Bytes bytes = header_of(payload.size());
    header_bytes_ = bytes.size();
    Bytes whole;
    whole.reserve(header_bytes_ + payload.size());
    whole.insert(whole.end(), bytes.begin(), bytes.end());
    whole.insert(whole.end(), payload.begin(), payload.end());
    bytes_ = std::make_shared<const Bytes>(std::move(whole));
}

} // namespace playhead
