#pragma once

#include <map>
#include <optional>

#include "core/time.hpp"
#include "replication/frame.hpp"
#include "replication/state_hash.hpp"
#include "room/state.hpp"

namespace playhead {

// Builds what brings a viewer from its base version to the newest: one delta per (audience, base), one snapshot, each
// encoded once and shared. Any base works, since every field carries the version of its last change; a base from before
// the tombstone floor, from the future or from another epoch gets the snapshot. All doubt falls to the snapshot.
//   Owner: one per room; observe() after every commit.   Thread: the room's shard.
class Baseline {
 public:
  // Takes in the changes that the commit at `tick` made; drops the frames of the previous version.
  void observe(const RoomState& state, Tick tick);

  // `sent_at` stamps a frame that is written at once; frames of a pass that waits carry none.
  Frame snapshot(const RoomState& state, Tick tick);
  // The delta from `base`, or the snapshot if there is no way from there.
  Frame update_from(const RoomState& state, Epoch epoch, Version base, Tick tick, std::optional<ServerTime> sent_at);
  bool reachable(const RoomState& state, Epoch epoch, Version base) const;

  std::uint32_t state_hash() const;
};

}  // namespace playhead
