#include "replication/frame.hpp"

#include <array>
#include <cstdint>

namespace playhead {
namespace {

// FIN and the opcode of a binary message.
constexpr std::byte final_binary{0x82};
constexpr std::uint8_t length_follows_in_16_bits = 126;
constexpr std::uint8_t length_follows_in_64_bits = 127;

// The longest header is an opcode, a length that says that 64 bits follow, and those.
struct Header {
    std::array<std::byte, 10> bytes{final_binary};
    std::size_t size = 1;

    explicit Header(std::size_t payload_bytes) {
        if (payload_bytes < length_follows_in_16_bits) {
            big_endian(payload_bytes, 1);
        } else if (payload_bytes <= 0xFFFF) {
            big_endian(length_follows_in_16_bits, 1);
            big_endian(payload_bytes, 2);
        } else {
            big_endian(length_follows_in_64_bits, 1);
            big_endian(payload_bytes, 8);
        }
    }

  private:
    void big_endian(std::uint64_t value, int count) {
        for (int byte = count - 1; byte >= 0; --byte) bytes[size++] = static_cast<std::byte>(value >> (8 * byte));
    }
};

} // namespace

Frame::Frame(ByteView payload, Delivery delivery) : delivery_(delivery) {
    const Header header(payload.size());
    Bytes whole;
    whole.reserve(header.size + payload.size());
    whole.insert(whole.end(), header.bytes.begin(), header.bytes.begin() + header.size);
    whole.insert(whole.end(), payload.begin(), payload.end());
    header_bytes_ = static_cast<std::uint8_t>(header.size);
    bytes_ = std::make_shared<const Bytes>(std::move(whole));
}

} // namespace playhead
