#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "session/clock.hpp"
#include "session/connection.hpp"
#include "session/metrics.hpp"
#include "session/room_host.hpp"

namespace playhead {

// What a person sees of a room without joining it.
struct RoomSummary {
  RoomId id;
  std::string title;
  bool listed = false;
  std::uint32_t viewers = 0;
  std::string media_title;
  std::string join_token;  // only given for listed rooms and to the room's creator
};

struct RoomRequest {
  std::optional<RoomId> id;  // a random one if absent
  std::string title;
  bool listed = false;
  bool permanent = false;  // never expires (rooms named in the config)
  std::optional<Load> media;
};

struct CreatedRoom {
  RoomId id;
  std::string join_token;
  std::string owner_token;
};

// A thread's rooms and their connections: no locks, no Asio. Whoever owns the thread calls run_due() when the clock says
// so, and fan_out_slice() while it returns true and nothing more urgent waits.
//   Thread: one.   Owner: app/server (its own thread), or a test or the simulation (a fake clock).
class Shard {
 public:
  Shard(const SessionSettings& settings, TickLength tick_length, std::uint64_t clock_id, const Clock& clock,
        RandomSource& random);
  ~Shard();

  // ---- rooms
  Result<CreatedRoom> create(const RoomRequest& request);
  std::vector<RoomSummary> listed_rooms() const;
  std::optional<RoomSummary> find(const RoomId& id) const;

  // A connection that has finished its handshake, for the room in its address. An unknown room is refused with a Goodbye.
  void attach(const RoomId& room, std::unique_ptr<Connection> connection);

  // ---- time
  // Runs the newest tick due, once, told how many it stands for; returns when the next one is.
  ServerTime run_due();
  // Continues fan-out passes for a bounded time (settings.fan_out_slice); true while work is left.
  bool fan_out_slice();

  // Tells every client, closes every session; rooms stay empty. `drained()` once nothing is left to write.
  void drain();
  bool drained() const;

  Metrics& metrics();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace playhead
