#include "session/peer_network.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <span>
#include <string>

namespace playhead {
namespace {

std::uint64_t big_endian(std::span<const std::uint8_t> bytes) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes) value = value << 8 | byte;
    return value;
}

PeerNetwork of_ipv4(std::span<const std::uint8_t> address) {
    constexpr std::uint8_t loopback = 127;
    if (address.front() == loopback) return {};
    return {4, big_endian(address)};
}

PeerNetwork of_ipv6(std::span<const std::uint8_t, 16> address) {
    static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (std::ranges::equal(address.first<12>(), mapped)) return of_ipv4(address.last<4>());
    const bool loopback = big_endian(address.first<8>()) == 0 && big_endian(address.last<8>()) == 1;
    if (loopback) return {};
    return {6, big_endian(address.first<8>())};
}

} // namespace

PeerNetwork network_of(std::string_view peer) {
    const bool bracketed = peer.starts_with('[');
    const std::size_t end = bracketed ? peer.find(']') : peer.rfind(':');
    if (end == std::string_view::npos) return {};
    const auto address = peer.substr(bracketed ? 1 : 0, bracketed ? end - 1 : end);
    return bracketed == address.contains(':') ? network_at(address) : PeerNetwork{};
}

PeerNetwork network_at(std::string_view address) {
    const std::string text{address};
    std::array<std::uint8_t, 16> bytes{};
    if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return of_ipv4(std::span{bytes}.first<4>());
    if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return of_ipv6(bytes);
    return {};
}

} // namespace playhead
