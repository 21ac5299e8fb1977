#pragma once

#include "core/ids.hpp"
#include "core/time.hpp"
#include "room/command.hpp"
#include "room/event.hpp"
#include "room/motion.hpp"
#include "room/state.hpp"

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace playhead {

struct Join {
    ViewerId viewer; // chosen by the host, greater than any before
    std::string name;
    std::uint32_t roles = 0;
};
struct Reconnect { // a viewer's new session
    ViewerId viewer;
};
struct Disconnect { // its place is kept
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

// A room's rules: pure, deterministic, integers only. It never knows the time; it is told a tick.
// One tick is: apply() each input in order, advance(), commit(). The same inputs give the same state.
//   Errors: apply() answers a bad or late command with an Outcome; it never throws and never asserts on what a viewer
//   sent.
class Room {
  public:
    // Events of one tick beyond this many are not told: nobody could take them in.
    static constexpr std::size_t events_per_tick_max = 64;

    // At version 1, so that version 0 can mean "nothing" everywhere.
    Room(Epoch epoch, RoomInfo info, TickLength tick_length);

    // Applies one input at `tick`; a command is answered. Events are kept for take_events().
    // An input about a viewer who is not here changes nothing. ViewerId{0}, the engine, may command without being a
    // member.
    std::optional<Outcome> apply(const Input& input, Tick tick, const Lead& lead);

    // Time passes: a pending playhead takes over, the media's duration is agreed on, media ends.
    void advance(Tick tick);

    // Gives all changes since the last commit one new version; the version stays if nothing changed.
    Version commit();

    std::vector<Event> take_events() { return std::exchange(events_, {}); }
    const RoomState& state() const { return state_; }
    TickLength tick_length() const { return tick_length_; }

  private:
    void on(const Join& join);
    void on(const Leave& leave);
    void on(const DurationReport& report);
    void set_connected(ViewerId viewer, bool connected);
    void show(const ViewerRow& row);

    // A command that is new from a viewer who is here, and one that may be neither.
    Outcome decide(const Command& command, const MotionContext& context);
    Outcome answer(const Command& command, const MotionContext& context);
    std::optional<Error> refusal_of_media(const Command& command) const;
    Result<Verdict> act(const Command& command, const Play& play, const MotionContext& context);
    Result<Verdict> act(const Command& command, const Pause& pause, const MotionContext& context);
    Result<Verdict> act(const Command& command, const Seek& seek, const MotionContext& context);
    Result<Verdict> act(const Command& command, const SetRate& set_rate, const MotionContext& context);
    Result<Verdict> act(const Command& command, const Load& load, const MotionContext& context);
    Result<Verdict> act(const Command& command, const SetName& set_name, const MotionContext& context);

    void agree_on_duration();
    void tell(EventKind kind, ViewerId viewer, Tick tick, MediaTime position);

    RoomState state_;
    TickLength tick_length_;
    std::vector<Event> events_;
};

} // namespace playhead
