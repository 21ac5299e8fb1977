#pragma once

#include "replication/baseline.hpp"
#include "replication/replica.hpp"
#include "room/state.hpp"

#include <array>
#include <string>
#include <vector>

namespace playhead {

// Viewers of a room that do nothing but watch: one for each audience, who has been there from the start and follows the
// deltas, encoded and decoded as on the wire. What a test reads of a room's state is what these have.
//   Errors: a viewer that gets out of step, or a late joiner who would see something else, is a bug of the engine's
//   that
//           a plugin's test has brought to light; it is told in words.
class TestFollower {
  public:
    // Takes in what the commit at `tick` made.
    void follow(const RoomState& state, Tick tick);
    const Replica& seen_by(Audience audience) const { return present_[std::to_underlying(audience)]; }

    // What was wrong so far, and what a late joiner of now would see otherwise than those present. Empty: nothing.
    std::vector<std::string> faults(const RoomState& state);

  private:
    void compare_with_late_joiner(const RoomState& state, Audience audience);
    void fault(Audience audience, const std::string& what);

    Baseline baseline_;
    Version followed_; // 0 = nothing yet
    std::array<Replica, audience_levels> present_;
    std::vector<std::string> faults_;
};

// "everyone", "moderators", "owner".
std::string_view name_of(Audience audience);

} // namespace playhead
