#pragma once

#include <array>
#include <cstddef>

namespace playhead::seal {

// 256 secret bits for one direction of one connection, or for what one engine seals for itself.
struct Key {
    static constexpr std::size_t bytes_count = 32;
    std::array<std::byte, bytes_count> bytes{};
    bool operator==(const Key&) const = default;
};

// Both directions of one connection. Client and engine hold the same pair.
struct PeerKeys {
    Key client_to_engine;
    Key engine_to_client;
    bool operator==(const PeerKeys&) const = default;
};

} // namespace playhead::seal
