#pragma once

#include "replication/messages.hpp"
#include "room/state.hpp"

#include <array>
#include <cstdint>
#include <map>

namespace playhead {

// 32 bits over the canonical *values* of a room's replicated state (PROTOCOL.md section 6, with golden vectors):
// the wrapping sum of one hash per item, so that a change costs the hash of the old and of the new item, whatever
// the size of the room. Not cryptographic: it finds bugs, not attackers.
std::uint32_t item_hash(const RoomInfo& info);
std::uint32_t item_hash(const Media& media);
std::uint32_t item_hash(const Motion& motion);
std::uint32_t item_hash(const ViewerRow& row);
std::uint32_t viewer_count_hash(std::uint32_t count);
std::uint32_t item_hash(const TableName& table, const EntryKey& key, const Value& value);

// Keeps the hash of a state while it changes: feed() with the state after each commit.
class StateHash {
  public:
    // Of a state before any value.
    StateHash();

    // Takes in the items that changed after `since`, and removals; all of them if it cannot be told which.
    void feed(const RoomState& state, Version since);
    // Of what `audience` sees.
    std::uint32_t value(Audience audience = Audience::everyone) const;
    // From scratch; what the incremental value must always equal.
    static std::uint32_t of(const RoomState& state, Audience audience = Audience::everyone);

  private:
    using Entries = std::map<EntryKey, std::uint32_t>;
    void replace(std::uint32_t& kept, std::uint32_t hash);
    void feed(const TableName& name, const SharedTable& table, Version since);
    std::uint32_t sum_ = 0;                                   // without shared state
    std::array<std::uint32_t, audience_levels> shared_sum_{}; // of the tables of each level
    // What each item adds to the sum now.
    std::uint32_t info_;
    std::uint32_t media_;
    std::uint32_t motion_;
    std::uint32_t viewer_count_;
    std::map<ViewerId, std::uint32_t> rows_;
    std::map<TableName, Entries> tables_;
};

} // namespace playhead
