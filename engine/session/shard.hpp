#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "seal/connect_token.hpp"
#include "session/admission.hpp"
#include "session/clock.hpp"
#include "session/connection.hpp"
#include "session/directory.hpp"
#include "session/engine_run.hpp"
#include "session/metrics.hpp"
#include "session/overview.hpp"
#include "session/plugin_sets.hpp"
#include "session/recording_rules.hpp"
#include "session/relays.hpp"
#include "session/settings.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace playhead {

// A thread's rooms and their connections: no locks, no Asio. Whoever owns the thread calls run_due() when the clock
// says so, and fan_out_slice() while it returns true and nothing more urgent waits.
//   Thread: one.   Owner: app/server (its own thread), or a test or the simulation (a fake clock).
class Shard {
  public:
    Shard(const SessionSettings& settings, TickLength tick_length, const EngineRun& run, const Clock& clock,
          RandomSource& random);
    ~Shard();

    // ---- rooms
    Result<CreatedRoom> create(const RoomRequest& request);
    std::vector<RoomSummary> listed_rooms() const;
    std::optional<RoomSummary> find(const RoomId& id) const;
    // A room's state, for tests, tools and the admin page; null if there is no such room.
    const RoomState* state(const RoomId& id) const;
    // A connect token for somebody who may join now, by whichever transport.
    //   Errors: room_unknown, draining, room_full, and those of may_join().
    Result<IssuedToken> issue(const RoomId& id, const JoinRequest& request);
    // Of this shard's rooms; for a transport at which tokens are shown before any connection is there.
    seal::UsedTokens& used_tokens();

    // ---- plugins
    // Of rooms that are made from now on.
    void use_plugins(PluginSets sets);
    // Of all rooms: at the beginning of the next ticks each swaps, or goes on with the old and says why. `done` is
    // called when all have, or at once when the code cannot run at all.
    void reload(PluginSets sets, std::move_only_function<void(PluginReload)> done);
    // Over all rooms; by name, version and code.
    std::vector<PluginUse> plugin_uses() const;
    const PluginFigures& plugin_figures() const;

    // ---- recording
    // Of rooms that are made from now on, and of those that are asked for.
    void use_recordings(RecordingRules rules);
    // The recording's name.   Errors: room_unknown, and those of RoomHost::record().
    Result<std::string> record(const RoomId& id, bool left_out);
    // Errors: room_unknown; denied: it is not recorded.
    Result<void> stop_recording(const RoomId& id);

    // Wide rooms' connections may be shared out to these; they outlive the shard.
    void use_relays(const Relays& relays);
    // Who is to write for the room's next connection: the shard itself (0) or one of its relays. attach() it with that.
    std::size_t writer_of_next(const RoomId& room) const;
    // Passes that waited for relays go on.
    void relays_caught_up();

    // A connection that has finished its handshake, for the room in its address. An unknown room is refused with a
    // Goodbye.
    void attach(const RoomId& room, std::unique_ptr<Connection> connection);

    // ---- time
    // Runs the newest tick due, once, told how many it stands for; returns when the next one is.
    ServerTime run_due();
    // Continues fan-out passes for a bounded time (settings.fan_out_slice), or until a tick is due; true while work is
    // left.
    bool fan_out_slice();
    // When fan_out_slice() would end if it began now.
    ServerTime slice_end() const;

    // Tells every client, closes every session; rooms stay empty. `drained()` once nothing is left to write.
    void drain();
    bool drained() const;

    Metrics& metrics();
    // For whoever runs the engine.
    ShardOverview overview() const;
    // Of the calling thread, which is to be the shard's.
    Microseconds processor_time() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace playhead
