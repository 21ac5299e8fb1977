#pragma once

#include "core/ids.hpp"
#include "core/time.hpp"
#include "session/device.hpp"
#include "session/peer_network.hpp"
#include "session/token.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace playhead {

// By what somebody is known again who comes back under another name.
struct Traces {
    ViewerId viewer;
    Secret resume;
    Device device;
    PeerNetwork network;
};

// Somebody who may not come back for a while.
struct BanEntry {
    Traces who;
    std::string name; // as it was shown, so that the ban can be lifted by it
    std::string reason;
    ServerTime until;
};

// A room's bans. They outlive sockets, tabs and the plugins that asked for them, but not the room.
//   Owner: one RoomHost.
class Bans {
  public:
    // Beyond this many, the one that ends first gives way.
    static constexpr std::size_t bans_max = 256;
    static constexpr std::chrono::seconds length_max{std::chrono::hours{24 * 365}};

    // A second ban of the same viewer takes the place of the first. 0 seconds, and more than length_max, are
    // length_max.
    void add(const Traces& who, std::string name, std::string reason, std::int64_t seconds, ServerTime now);
    // Lifts the bans of the viewer with this id (in decimals) or name; how many there were.
    std::size_t lift(std::string_view who);
    // The ban that holds somebody with any of these traces; null if none does.
    const BanEntry* holding(const std::optional<Secret>& resume, const Device& device, PeerNetwork network,
                            ServerTime now) const;
    std::size_t size() const { return bans_.size(); }

  private:
    std::vector<BanEntry> bans_;
};

} // namespace playhead
