#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "replication/messages.hpp"
#include "seal/connect_token.hpp"
#include "session/bans.hpp"
#include "session/engine_run.hpp"
#include "session/peer_network.hpp"
#include "session/places.hpp"
#include "session/token.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace playhead {

// The secrets that open a room.
struct RoomKeys {
    Secret join;
    Secret owner;
};

// What a room looks at when somebody says hello, or asks for a connect token.
struct Door {
    const RoomId& room;
    Epoch epoch;
    const RoomKeys& keys;
    Places& places;
    const Bans& bans;
    const EngineRun& run;
    const seal::UsedTokens& used_tokens;
    bool connect_tokens_only = false; // the link's own tokens are good for asking, not for a hello
};

// Who a hello turns out to be: the viewer of a kept place, or someone new.
struct Admission {
    ViewerId resumed;        // 0: someone new ...
    std::uint32_t roles = 0; // ... who begins with these
    // The connect token that says so, to be used up by whoever lets it in.
    std::optional<seal::ConnectGrant> token{};
};

// Checks the tokens of a hello, then the bans, in the order of PROTOCOL.md [J..]. Nothing is used up by that.
//   `grant`: what the transport has proven already, so that no token need come with the hello; null: nothing.
//   Errors: token_missing, token_malformed, token_foreign, token_wrong, token_stale; banned, with the time that is
//   left;
//           malformed (another room's hello).
Result<Admission> admit(const Hello& hello, const seal::ConnectGrant* grant, PeerNetwork network, ServerTime now,
                        const Door& door);

// Somebody who asks over HTTP to be let in soon, over whichever transport. Texts are as they came.
struct JoinRequest {
    std::string token; // the link's: j or o
    std::string resume_token;
    std::string device;
    std::string address; // without a port
};

// What it gets: the token to say, and the keys that are inside it.
struct IssuedToken {
    std::string connect_token;
    std::chrono::milliseconds good_for{};
    std::uint64_t clock_id = 0;
    seal::PeerKeys keys;
};

// The same checks. Connect tokens give no others: who has stolen one must not live on it.
//   Errors: as admit().
Result<Admission> may_join(const JoinRequest& request, ServerTime now, const Door& door);

} // namespace playhead
