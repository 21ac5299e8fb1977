#pragma once

#include "core/result.hpp"
#include "replication/messages.hpp"

#include <cstdint>
#include <map>

namespace playhead {

// A client's copy of a room: applies snapshots and deltas and checks the state hash. Used by native clients, the
// simulation and the tests; clients/sdk/src/replica.ts is its twin.
class Replica {
  public:
    using SharedTables = std::map<TableName, std::map<EntryKey, Value>>;
    enum class Applied : std::uint8_t { updated, unchanged, needs_snapshot, hash_mismatch };

    // Replaces everything, unless it is older than what is held: over a transport that reorders, one that was lost and
    // said again comes behind the deltas that made it unnecessary.
    Applied apply(const Snapshot& snapshot);
    // Applies only if the epoch is ours and base <= version < delta.version; overlaps and duplicates are harmless.
    Applied apply(const Delta& delta);

    Epoch epoch() const { return epoch_; }
    Version version() const { return version_; }
    std::uint32_t state_hash() const;
    const RoomInfo& info() const { return info_; }
    const Media& media() const { return media_; }
    const Motion& motion() const { return motion_; }
    std::uint32_t viewer_count() const { return viewer_count_; }
    const std::map<ViewerId, ViewerRow>& viewers() const { return viewers_; }
    // What plugins share with this viewer; a table without entries is not there.
    const SharedTables& shared() const { return shared_; }

  private:
    void take(const RoomFields& fields);
    void take(const SharedEntry& entry);

    Epoch epoch_;
    Version version_;
    RoomInfo info_;
    Media media_;
    Motion motion_;
    std::uint32_t viewer_count_ = 0;
    std::map<ViewerId, ViewerRow> viewers_;
    SharedTables shared_;
};

} // namespace playhead
