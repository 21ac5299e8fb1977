#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "seal/key.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

// Connect tokens: what a join over HTTP(S) gives a client, to be shown once, soon, to one engine. The idea is
// netcode's: whoever issued it has checked everything already, so the engine's door needs no look-up to know a friend,
// and the keys in it are known to nobody but that client and that engine.
//   Source: the connect token of netcode (STANDARD.md), with XChaCha20-Poly1305 from libsodium.
namespace playhead::seal {

// Of each token, never twice: that makes it good for one use.
using Serial = std::array<std::byte, 16>;

// What the token says inside. Bound to a room, a viewer, one run of one engine, and a time.
struct ConnectGrant {
    Serial serial{};
    RoomId room;
    std::uint64_t clock_id = 0; // which run of the engine it is for
    ServerTime expires;         // on that engine's clock
    ViewerId viewer;            // whose kept place it continues; 0: someone new ...
    std::uint32_t roles = 0;    // ... who begins with these
    PeerKeys keys;
    Epoch epoch; // of the room: another of the same name is not meant
    bool operator==(const ConnectGrant&) const = default;
};

// How long a token may be good, and how long its text may be (Hello::token_bytes_max is as much).
inline constexpr std::chrono::seconds connect_token_life{30};
inline constexpr std::size_t connect_token_text_max = 512;

// As text "c.<room>.<base64url>": what stands behind the room is sealed with the engine's own key, the room (outside,
// so that a door can be found without a key) and clock_id authenticated with it. `nonce` is random and used once.
using Nonce = std::array<std::byte, 24>;
std::string seal(const ConnectGrant& grant, const Key& engine, const Nonce& nonce);

// Errors: token_malformed (no such shape), token_wrong (not sealed by this engine in this run, or altered),
//         token_stale (expired). Messages never repeat the token.
Result<ConnectGrant> open_connect_token(std::string_view text, const Key& engine, std::uint64_t clock_id,
                                        ServerTime now);

// Which tokens have been used. An entry is kept until its token would have expired anyway.
//   Owner: one per shard: a token names a room, and a room has one shard.
class UsedTokens {
  public:
    static constexpr std::size_t entries_max = 100'000; // beyond: refused until old ones expire

    // Succeeds the first time only. Errors: token_stale (used before, or expired since it was opened), rate_limited
    // (too many in too short a time).
    Result<void> use(const ConnectGrant& grant, ServerTime now);
    // The same, and uses nothing up.
    Result<void> usable(const ConnectGrant& grant, ServerTime now) const;
    bool used(const ConnectGrant& grant) const { return used_.contains(grant.serial); }
    std::size_t size() const { return used_.size(); }

  private:
    std::set<Serial> used_;
    std::set<std::pair<ServerTime, Serial>> by_expiry_; // the same
};

} // namespace playhead::seal
