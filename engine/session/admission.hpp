#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "replication/messages.hpp"
#include "session/bans.hpp"
#include "session/peer_network.hpp"
#include "session/places.hpp"
#include "session/token.hpp"

#include <cstdint>

namespace playhead {

// The secrets that open a room.
struct RoomKeys {
    Secret join;
    Secret owner;
};

// What a room looks at when somebody says hello.
struct Door {
    const RoomId& room;
    const RoomKeys& keys;
    Places& places;
    const Bans& bans;
};

// Who a hello turns out to be: the viewer of a kept place, or someone new.
struct Admission {
    ViewerId resumed;        // 0: someone new ...
    std::uint32_t roles = 0; // ... who begins with these
};

// Checks the tokens of a hello, then the bans, in the order of PROTOCOL.md [J..].
//   Errors: token_missing, token_malformed, token_foreign, token_wrong, token_stale; banned, with the time that is
//   left;
//           malformed (another room's hello).
Result<Admission> admit(const Hello& hello, PeerNetwork network, ServerTime now, const Door& door);

} // namespace playhead
