#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/ids.hpp"
#include "core/time.hpp"
#include "room/command.hpp"
#include "room/event.hpp"
#include "room/state.hpp"

namespace playhead {

struct Join {
  ViewerId viewer;  // chosen by the host, greater than any before
  std::string name;
  std::uint32_t roles = 0;
};
struct Reconnect {  // a viewer's new session
  ViewerId viewer;
};
struct Disconnect {  // its place is kept
  ViewerId viewer;
};
struct Leave {
  ViewerId viewer;
};
struct DurationReport {
  ViewerId viewer;
  MediaInstance media;
  MediaTime duration{0};
};
using Input = std::variant<Join, Reconnect, Disconnect, Leave, DurationReport, Command>;

// How far ahead motion is scheduled so that every viewer can start in the same frame; the host measures it.
struct Lead {
  Microseconds start{150'000};
  Microseconds seek{300'000};
  Microseconds load{1'500'000};
};

// A room's rules: pure, deterministic, integers only. It never knows the time; it is told a tick.
// One tick is: apply() each input in order, advance(), commit(). The same inputs give the same state.
//   Errors: apply() answers a bad or late command with an Outcome; it never throws and never asserts on what a viewer sent.
class Room {
 public:
  Room(Epoch epoch, RoomInfo info, TickLength tick_length);

  // Applies one input at `tick`; a command is answered. Events are kept for take_events().
  std::optional<Outcome> apply(const Input& input, Tick tick, const Lead& lead);

  // Time passes: a pending playhead takes over, media ends.
  void advance(Tick tick);

  // Gives all changes since the last commit one new version; the version stays if nothing changed.
  Version commit();

  std::vector<Event> take_events() { return std::exchange(events_, {}); }
  const RoomState& state() const { return state_; }
  TickLength tick_length() const { return tick_length_; }

 private:
  Outcome decide(const Command& command, Tick tick, const Lead& lead);
  RoomState state_;
  TickLength tick_length_;
  std::vector<Event> events_;
};

}  // namespace playhead
