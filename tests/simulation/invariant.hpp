#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace playhead::simulation {

// What must hold in every world, whatever happens in it.
enum class Invariant : std::uint8_t {
    same_state,           // who is connected and has nothing in flight has the engine's state, and soon everyone has
    late_joiner,          // a late joiner's snapshot is what a present viewer has
    deltas_lead_to_state, // snapshot plus deltas is state: each matches the hash that came with it
    applied_once,         // what was answered applied happened, once; what was never answered, once at most
    stated_order,         // an older action never undoes a newer one, and nobody acts from the future
    nothing_superseded,   // what was answered superseded was never seen to happen
    denials_hold,         // what was refused or denied was never applied, in no part
    answered,             // every command is answered, and not before its effect is there
    wait_policy,          // no viewer holds the room up for longer than its plugin `ready` is set to
    players_in_step,      // every player is within its bound of the playhead once nothing disturbs it any more
    only_up,              // versions, ticks and media instances only go up, and the epoch stays
    counts,               // what is counted is there
    limits,               // queues, what is kept and plugins' memory stay under their named limits
    quiet_rooms,          // where nothing changes, viewers hear nothing but beacons
    levels,               // nobody sees or hears what is not for them
    strangers,            // without a token nobody gets in, and nonsense harms nobody but its author
    protocol,             // what the engine says can be read and comes in the order that PROTOCOL.md states
    everyone_back,        // who was lost and has not left comes back
    nothing_left,         // once everyone has gone, nothing is left behind
    same_again,           // what was recorded of the room comes out the same when it is replayed
};
inline constexpr std::size_t invariants = static_cast<std::size_t>(Invariant::same_again) + 1;
std::string_view name_of(Invariant invariant);

// An invariant was broken; how, in words.
struct Complaint {
    Invariant invariant;
    std::string what;
};

// What was wrong, each thing once however often it was: a world that is broken is broken all the time.
//   Shapes: at most complaints_max.
class Complaints {
  public:
    static constexpr std::size_t complaints_max = 200;
    void add(Invariant invariant, std::string what);
    void add(const std::vector<Complaint>& others, std::string_view whose);
    const std::vector<Complaint>& all() const { return all_; }

  private:
    std::vector<Complaint> all_;
};

// "late_joiner: a late joiner is not there"
std::string in_words(const Complaint& complaint);

} // namespace playhead::simulation
