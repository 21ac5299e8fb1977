#pragma once

#include "core/ids.hpp"
#include "core/time.hpp"
#include "session/directory.hpp"
#include "session/plugin_sets.hpp"
#include "session/shard_context.hpp"

#include <functional>
#include <vector>

namespace playhead {

// Brings new plugins to a shard's rooms: tried once without a room, then room by room at the beginning of ticks, no
// more in one tick than it has time for. A room whose state the new code cannot take over goes on with the old.
//   Owner: one per shard.
class Reloads {
  public:
    using Done = std::move_only_function<void(PluginReload)>;

    // Of one tick, for all rooms together; a room that has begun is finished.
    static constexpr Microseconds tick_max{3000};

    Reloads(ShardContext& shard, Directory& directory) : shard_(&shard), directory_(&directory) {}

    // New rooms run these at once, the others as their turn comes; then `done` is told. While an earlier reload is
    // under way, its rooms go on with these, and both are told at the end.
    void begin(PluginSets sets, Done done);
    bool idle() const { return waiting_.empty() && done_.empty(); }
    // At the beginning of a tick.
    void run(Tick tick);

  private:
    std::vector<std::string> problems_of(const PluginSets& sets) const;
    void swap(RoomHost& room, Tick tick);
    void finish();

    ShardContext* shard_;
    Directory* directory_;
    std::vector<RoomId> waiting_; // the next one last
    std::vector<Done> done_;
    PluginReload result_;
};

} // namespace playhead
