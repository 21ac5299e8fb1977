#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "session/clock.hpp"
#include "session/connection.hpp"
#include "session/directory.hpp"
#include "session/metrics.hpp"
#include "session/settings.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace playhead {

// A thread's rooms and their connections: no locks, no Asio. Whoever owns the thread calls run_due() when the clock
// says so, and fan_out_slice() while it returns true and nothing more urgent waits.
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
    // A room's state, for tests, tools and the admin page; null if there is no such room.
    const RoomState* state(const RoomId& id) const;

    // A connection that has finished its handshake, for the room in its address. An unknown room is refused with a
    // Goodbye.
    void attach(const RoomId& room, std::unique_ptr<Connection> connection);

    // ---- time
    // Runs the newest tick due, once, told how many it stands for; returns when the next one is.
    ServerTime run_due();
    // Continues fan-out passes for a bounded time (settings.fan_out_slice), or until a tick is due; true while work is
    // left.
    bool fan_out_slice();

    // Tells every client, closes every session; rooms stay empty. `drained()` once nothing is left to write.
    void drain();
    bool drained() const;

    Metrics& metrics();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace playhead
