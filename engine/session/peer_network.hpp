#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace playhead {

// The part of a peer's address that stands for one household or machine: all of an IPv4 address, the first 64 bits of
// an IPv6 one, since whoever has one of those has all the others behind it, too.
struct PeerNetwork {
    std::uint8_t ip_version = 0; // 4 or 6; 0: not known
    std::uint64_t prefix = 0;
    bool known() const { return ip_version != 0; }
    auto operator<=>(const PeerNetwork&) const = default;
};

// From Connection::peer(), such as "203.0.113.7:5123" or "[2001:db8::7]:5123". Not known for what is no address, and
// for loopback ones: a proxy on this machine shows those for everybody.
PeerNetwork network_of(std::string_view peer);
// The same from the address alone, "203.0.113.7" or "2001:db8::7".
PeerNetwork network_at(std::string_view address);

} // namespace playhead
