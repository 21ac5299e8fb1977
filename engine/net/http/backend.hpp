#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "net/http/file_root.hpp"
#include "net/tls/session.hpp"
#include "session/shard.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace playhead::http {

// How an answer comes back: call it once, from any thread.
template <class T>
using Reply = std::move_only_function<void(T)>;

// A connection that has finished its WebSocket handshake and belongs to no event loop any more.
struct UpgradedSocket {
    RoomId room;
    FileDescriptor socket;
    bool ip_v6 = false;
    std::vector<std::byte> already_read; // what came behind the handshake
    tls::MovedSession tls;               // if it came through TLS
};

// Where native clients find a room, on the host of the engine's HTTP address.
struct EnetFacts {
    std::uint16_t port = 0;
    bool sealed = true;
};

// What somebody needs who may come in.
struct Entrance {
    IssuedToken token;
    std::optional<EnetFacts> enet{}; // empty: there is none
};

// What HTTP asks of the rest of the engine. Calls return at once; each Reply is answered later, or dropped at shutdown.
//   Thread: called on the HTTP thread.   Owner: app/server.
class Backend {
  public:
    virtual ~Backend() = default;
    virtual void create_room(RoomRequest request, Reply<Result<CreatedRoom>> reply) = 0;
    virtual void list_rooms(Reply<std::vector<RoomSummary>> reply) = 0;
    virtual void find_room(RoomId id, Reply<std::optional<RoomSummary>> reply) = 0;
    // A connect token for who may join the room.   Errors: Shard::issue's.
    virtual void join_room(RoomId id, JoinRequest request, Reply<Result<Entrance>> reply) = 0;
    // Reads the plugins that the config names anew and brings them to all rooms.
    //   Errors: malformed, with what is wrong in the files; a reload that rooms refuse is none, see PluginReload.
    virtual void reload_plugins(Reply<Result<PluginReload>> reply) = 0;
    // Errors: Shard::record's and Shard::stop_recording's.
    virtual void start_recording(RoomId id, bool left_out, Reply<Result<std::string>> reply) = 0;
    virtual void stop_recording(RoomId id, Reply<Result<void>> reply) = 0;
    virtual void list_plugins(Reply<std::vector<PluginUse>> reply) = 0;
    // One of each shard, in their order.
    virtual void overview(Reply<std::vector<ShardOverview>> reply) = 0;
    // The part of /metrics that HTTP does not know itself.
    virtual void metrics_page(Reply<std::string> reply) = 0;
    virtual void attach(UpgradedSocket socket) = 0;
};

} // namespace playhead::http
