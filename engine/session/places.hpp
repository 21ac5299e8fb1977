#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "replication/messages.hpp"
#include "session/token.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace playhead {

class Session;

// A viewer's place in a room: what stays when its socket goes.
struct Place {
    ViewerId viewer;
    Secret resume; // who can say it is this viewer
    std::uint32_t roles = 0;
    Session* session = nullptr; // the live one, if any
    ServerTime lost_at;         // when there is none
};

// A room's viewers across their sockets. A lost viewer keeps its place for a while; a resume token finds it.
//   Owner: one RoomHost.
class Places {
  public:
    Place& add(const Secret& resume, std::uint32_t roles);
    void remove(ViewerId viewer);

    Place* find(ViewerId viewer);
    Place* find(const Secret& resume);
    std::size_t size() const { return places_.size(); }
    bool empty() const { return places_.empty(); }

    void connected(Place& place, Session& session);
    void lost(Place& place, ServerTime now);
    // Viewers that were lost at or before `time`.
    std::vector<ViewerId> lost_since(ServerTime time) const;
    std::optional<ServerTime> first_lost() const;

  private:
    // A lookup that compares bytes one after the other tells an attacker by its time how far a guess was right. The
    // half of the secret that finds the place may leak so; the other 64 bits are compared in constant time.
    static std::uint64_t key_of(const Secret& secret);

    std::uint32_t last_viewer_ = 0; // ids are never used again
    std::unordered_map<ViewerId, Place> places_;
    std::unordered_map<std::uint64_t, ViewerId> by_resume_;
    std::set<std::pair<ServerTime, ViewerId>> lost_;
};

// The secrets that open a room.
struct RoomKeys {
    Secret join;
    Secret owner;
};

// Who a hello turns out to be: the viewer of a kept place, or someone new.
struct Admission {
    ViewerId resumed; // 0: someone new
    std::uint32_t roles = 0;
};

// Checks the tokens of a hello, in the order of PROTOCOL.md [J..].
//   Errors: token_missing, token_malformed, token_foreign, token_wrong, token_stale; malformed (another room's hello).
Result<Admission> admit(const Hello& hello, const RoomId& room, const RoomKeys& keys, Places& places);

} // namespace playhead
