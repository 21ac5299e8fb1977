#pragma once

#include "core/ids.hpp"
#include "core/time.hpp"
#include "session/bans.hpp"
#include "session/outbox.hpp"
#include "session/peer_network.hpp"
#include "session/token.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace playhead {

class Session;

// A viewer's place in a room: what stays when its socket goes.
struct Place {
    ViewerId viewer;
    Secret resume; // who can say it is this viewer
    Device device; // what a ban holds beside that, as the newest connection said it
    PeerNetwork network;
    Session* session = nullptr; // the live one, if any
    ServerTime lost_at;         // when there is none
    Served served;              // what its last session was given
    std::size_t loss_input = 0; // which of the room's inputs says that it was lost, if the tick has not yet come

    Traces traces() const { return {viewer, resume, device, network}; }
};

// A room's viewers across their sockets. A lost viewer keeps its place for a while; a resume token finds it.
//   Owner: one RoomHost.
class Places {
  public:
    // Of so many who have left the traces are kept, so that leaving does not evade a ban.
    static constexpr std::size_t departed_max = 64;

    Place& add(const Secret& resume);
    void remove(ViewerId viewer, std::string_view name);

    Place* find(ViewerId viewer);
    Place* find(const Secret& resume);
    std::size_t size() const { return places_.size(); }
    bool empty() const { return places_.empty(); }

    void connected(Place& place, Session& session);
    void lost(Place& place, ServerTime now);
    // Of a viewer who is here, or of one who has left of late.
    struct Known {
        Traces traces;
        std::string name; // empty while the viewer is here: the room knows it
    };
    std::optional<Known> known(ViewerId viewer) const;
    // Everyone here on that device.
    std::vector<ViewerId> on_device(const Device& device) const;
    // Viewers that were lost at or before `time`, the earliest first, and no more than `most`.
    std::vector<ViewerId> lost_since(ServerTime time, std::size_t most) const;
    std::optional<ServerTime> first_lost() const;

  private:
    // A lookup that compares bytes one after the other tells an attacker by its time how far a guess was right. The
    // half of the secret that finds the place may leak so; the other 64 bits are compared in constant time.
    static std::uint64_t key_of(const Secret& secret);

    std::uint32_t last_viewer_ = 0; // ids are never used again
    std::unordered_map<ViewerId, Place> places_;
    std::unordered_map<std::uint64_t, ViewerId> by_resume_;
    std::set<std::pair<ServerTime, ViewerId>> lost_;
    std::vector<Known> departed_; // newest last
};

} // namespace playhead
