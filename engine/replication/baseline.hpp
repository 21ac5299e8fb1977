#pragma once

#include "core/time.hpp"
#include "replication/frame.hpp"
#include "replication/messages.hpp"
#include "replication/state_hash.hpp"
#include "room/state.hpp"

#include <array>
#include <map>
#include <optional>
#include <utility>

namespace playhead {

// Everything that `audience` sees of a room, for a snapshot.
RoomFields fields_of(const RoomState& state, Audience audience);

// Builds what brings a viewer from its base version to the newest: for each audience one delta per base and one
// snapshot, each encoded once and shared. Any base works, since every field carries the version of its last change; a
// base from before the tombstone floor, from the future or from another epoch gets the snapshot. All doubt falls to the
// snapshot. A frame names the tick at which its version was committed, whenever it is sent: so it can be kept.
//   Owner: one per room; observe() after every commit.   Thread: the room's shard.
class Baseline {
  public:
    // Frames kept of one version: as many bases as slow and returning viewers can reasonably bring at a time.
    static constexpr std::size_t frames_max = 64;

    // Takes in the changes that the commit at `tick` made; drops the frames of the previous version.
    void observe(const RoomState& state, Tick tick);

    // ---- for the state that was observed last, as `audience` may see it
    Frame snapshot(const RoomState& state, Audience audience = Audience::everyone);
    // The delta from `base` (empty of fields if that is the newest), or the snapshot if there is no way from there.
    // `sent_at` stamps a delta that is written at once, in the pass of its own tick; one that waits carries no stamp.
    // The base must have been served to the same audience: whoever's has changed gets a snapshot.
    Frame update_from(const RoomState& state, Epoch epoch, Version base, std::optional<ServerTime> sent_at,
                      Audience audience = Audience::everyone);
    bool reachable(const RoomState& state, Epoch epoch, Version base) const;

    // The lowest audience that sees the same: levels without a table of their own share the frames of the level below.
    Audience level(Audience audience) const { return levels_[std::to_underlying(audience)]; }
    std::uint32_t state_hash(Audience audience = Audience::everyone) const { return hash_.value(audience); }
    std::uint64_t deltas_encoded() const { return deltas_encoded_; }
    std::uint64_t snapshots_encoded() const { return snapshots_encoded_; }

  private:
    struct Key {
        Audience audience = Audience::everyone;
        Version base;
        std::optional<ServerTime> sent_at;
        auto operator<=>(const Key&) const = default;
    };
    void find_levels(const SharedState& shared);
    StateHash hash_;
    Epoch epoch_;
    Version version_; // 0 = nothing observed yet
    Tick tick_;       // at which that version was committed
    std::array<Audience, audience_levels> levels_{};
    std::array<Frame, audience_levels> snapshots_;
    std::map<Key, Frame> deltas_;
    std::uint64_t deltas_encoded_ = 0;
    std::uint64_t snapshots_encoded_ = 0;
};

} // namespace playhead
