#pragma once

#include "core/time.hpp"
#include "replication/frame.hpp"
#include "replication/state_hash.hpp"
#include "room/state.hpp"

#include <map>
#include <optional>

namespace playhead {

// Builds what brings a viewer from its base version to the newest: one delta per base, one snapshot, each encoded once
// and shared. Any base works, since every field carries the version of its last change; a base from before the
// tombstone floor, from the future or from another epoch gets the snapshot. All doubt falls to the snapshot. A frame
// names the tick at which its version was committed, whenever it is sent: so it can be kept.
//   Owner: one per room; observe() after every commit.   Thread: the room's shard.
class Baseline {
  public:
    // Frames kept of one version: as many bases as slow and returning viewers can reasonably bring at a time.
    static constexpr std::size_t frames_max = 64;

    // Takes in the changes that the commit at `tick` made; drops the frames of the previous version.
    void observe(const RoomState& state, Tick tick);

    // ---- for the state that was observed last
    Frame snapshot(const RoomState& state);
    // The delta from `base` (empty of fields if that is the newest), or the snapshot if there is no way from there.
    // `sent_at` stamps a delta that is written at once, in the pass of its own tick; one that waits carries no stamp.
    Frame update_from(const RoomState& state, Epoch epoch, Version base, std::optional<ServerTime> sent_at);
    bool reachable(const RoomState& state, Epoch epoch, Version base) const;

    std::uint32_t state_hash() const { return hash_.value(); }
    std::uint64_t deltas_encoded() const { return deltas_encoded_; }
    std::uint64_t snapshots_encoded() const { return snapshots_encoded_; }

  private:
    struct Key {
        Version base;
        std::optional<ServerTime> sent_at;
        auto operator<=>(const Key&) const = default;
    };
    StateHash hash_;
    Epoch epoch_;
    Version version_; // 0 = nothing observed yet
    Tick tick_;       // at which that version was committed
    Frame snapshot_;
    std::map<Key, Frame> deltas_;
    std::uint64_t deltas_encoded_ = 0;
    std::uint64_t snapshots_encoded_ = 0;
};

} // namespace playhead
