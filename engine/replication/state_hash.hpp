#pragma once

#include "replication/messages.hpp"
#include "room/state.hpp"

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

// Keeps the hash of a state while it changes: feed() with the state after each commit.
class StateHash {
  public:
    // Of a state before any value.
    StateHash();

    // Takes in the items that changed after `since`, and removals; all of them if it cannot be told which.
    void feed(const RoomState& state, Version since);
    std::uint32_t value() const { return sum_; }
    // From scratch; what the incremental value must always equal.
    static std::uint32_t of(const RoomState& state);

  private:
    void replace(std::uint32_t& kept, std::uint32_t hash);
    std::uint32_t sum_ = 0;
    // What each item adds to the sum now.
    std::uint32_t info_;
    std::uint32_t media_;
    std::uint32_t motion_;
    std::uint32_t viewer_count_;
    std::map<ViewerId, std::uint32_t> rows_;
};

} // namespace playhead
