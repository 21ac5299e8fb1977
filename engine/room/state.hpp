#pragma once

#include "core/ids.hpp"
#include "core/time.hpp"
#include "room/command.hpp"
#include "room/field.hpp"
#include "room/playhead.hpp"
#include "room/shared.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace playhead {

struct RoomInfo {
    static constexpr std::size_t title_bytes_max = 200;
    std::string title;
    bool listed = false;
    bool operator==(const RoomInfo&) const = default;
};

struct Media {
    MediaInstance instance;
    MediaKind kind = MediaKind::none;
    std::string url;
    std::string title;
    MediaTime duration{0}; // 0 = not known, or endless
    bool operator==(const Media&) const = default;
};

// Bits of ViewerRow::roles, as in schemas/common.fbs. A guest has none.
enum class Role : std::uint32_t {
    owner = 1,
    moderator = 2,
    host = 4,
    cohost = 8,
    member = 16,
    muted = 32,
    anyone = 0x8000'0000, // in the masks of permissions only: everybody. Never in a row.
};

struct ViewerRow {
    ViewerId id;
    std::string name;
    std::uint32_t roles = 0;
    bool connected = true;
    bool operator==(const ViewerRow&) const = default;
};

// The name a viewer is shown by: what it asked for, cleaned; "Guest <id>" if nothing is left of it. [R11]
std::string shown_name(std::string_view wanted, ViewerId viewer);

// A viewer who is here: what the room shows of it, and what it knows beside that and does not replicate. There are very
// many of these.
struct Member : ViewerRow {
    // Enough for every command that a viewer can have unanswered; an older one that is sent again is refused.
    static constexpr std::size_t outcomes_kept = 32;
    // How far a sequence may run ahead: a client that lost its count is told so.
    static constexpr std::uint32_t sequence_gap_max = 1000;
    // What plugins say with their answers may be large: the oldest answers go first, the newest always stays.
    static constexpr std::size_t outcome_data_bytes_max = 16 * 1024;
    std::uint8_t condition = 0; // bits of ReportFlag: stalled, away, blocked
    Tick joined_at;
    std::uint32_t last_sequence = 0;
    MediaInstance duration_media; // the instance that `duration` was reported for
    MediaTime duration{0};
    std::vector<Outcome> outcomes; // newest last
    bool operator==(const Member&) const = default;
};

// The viewers a room shows: bounded, so that a wide room replicates counts and the first of its viewers.
// Removed rows leave tombstones for a bounded span; a delta from before them is not possible (see tombstone_floor).
class Roster {
  public:
    static constexpr std::size_t rows_max = 200;
    static constexpr std::size_t tombstones_max = 256;

    struct Tombstone {
        ViewerId viewer;
        Version removed_at;
        bool operator==(const Tombstone&) const = default;
    };

    const std::map<ViewerId, Field<ViewerRow>>& rows() const { return rows_; }
    const std::vector<Tombstone>& tombstones() const { return tombstones_; }
    // Deltas from bases older than this cannot tell what was removed.
    Version tombstone_floor() const { return tombstone_floor_; }

    bool full() const { return rows_.size() >= rows_max; }
    void put(ViewerRow row);
    void remove(ViewerId viewer);
    bool dirty() const { return dirty_; }
    void commit(Version version);
    bool operator==(const Roster&) const = default;

  private:
    std::map<ViewerId, Field<ViewerRow>> rows_;
    std::vector<Tombstone> tombstones_;
    std::vector<ViewerId> removed_; // since the last commit
    Version tombstone_floor_;
    bool dirty_ = false; // a row has changed or been removed since then
};

// All of a room. A value: it copies, compares and serializes; the replicated part first.
struct RoomState {
    Epoch epoch;
    Version version;
    Field<RoomInfo> info;
    Field<Media> media;
    Field<Motion> motion;
    Field<std::uint32_t> viewer_count;
    Roster roster;
    SharedState shared; // of its plugins

    // Not replicated. Everyone present, the roster's rows among them.
    std::map<ViewerId, Member> viewers;
    Stamp last_motion;                // the two last-writer-wins registers: play, pause, seek, load ...
    Stamp last_rate;                  // ... and rate
    std::uint32_t roles_revision = 0; // grows with every change of a viewer's roles after its join
    bool duration_open = false;       // a report or a reporter has changed since the duration was agreed on

    bool operator==(const RoomState&) const = default;
};

} // namespace playhead
