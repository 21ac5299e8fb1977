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
enum class LeaveReason : std::uint8_t { left, lost, kicked, banned };
struct Leave {
    ViewerId viewer;
    LeaveReason why = LeaveReason::left;
};
struct DurationReport {
    ViewerId viewer;
    MediaInstance media;
    MediaTime duration{0};
};
struct Condition { // how it goes at a viewer's has changed
    ViewerId viewer;
    std::uint8_t flags = 0; // bits of ReportFlag: stalled, away, blocked
};
struct Signal { // for one of the room's plugins: lossy, without an answer
    ViewerId viewer;
    std::string plugin;
    std::string name;
    Value args;
};
struct WallTime { // the wall clock as of this tick; given when the room opens and about once a minute
    std::int64_t unix_us = 0;
};
using Input = std::variant<Join, Reconnect, Disconnect, Leave, DurationReport, Command, Condition, Signal, WallTime>;

// Whoever may settle or change a command before the room acts on it: the room's plugins. Asked once per command, after
// the checks of sequence, media and permission; what it changes is checked again.
//   Errors: an Outcome settles the command: its verdict, error, plugin, reason and data are the answer. It may write to
//   the room's shared state and set roles meanwhile, but not apply() inputs.
class Judge {
  public:
    virtual ~Judge() = default;
    virtual std::optional<Outcome> judge(Command& command, Tick tick) = 0;
};

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
    // Goes on from there; nothing in it is uncommitted.
    Room(RoomState state, TickLength tick_length) : state_(std::move(state)), tick_length_(tick_length) {}

    // Applies one input at `tick`; a command is answered. Events are kept for take_events().
    // An input about a viewer who is not here changes nothing. ViewerId{0}, the engine, may command without being a
    // member. Signals and the wall time are for plugins: the room ignores them. Without a judge there are no plugins,
    // and a PluginCommand is refused.
    std::optional<Outcome> apply(const Input& input, Tick tick, const Lead& lead, Judge* judge = nullptr);

    // Time passes: a pending playhead takes over, the media's duration is agreed on, media ends.
    void advance(Tick tick);

    // Gives all changes since the last commit one new version; the version stays if nothing changed.
    Version commit();
    bool changed() const;

    // What plugins and the engine may change beside commands; part of the next commit. Bits of Role; a viewer who is
    // not here, and Role::anyone, change nothing.
    void set_roles(ViewerId viewer, std::uint32_t add, std::uint32_t remove);
    SharedState& shared() { return state_.shared; }

    std::vector<Event> take_events() { return std::exchange(events_, {}); }
    const RoomState& state() const { return state_; }
    TickLength tick_length() const { return tick_length_; }

  private:
    void on(const Join& join, Tick tick);
    void on(const Leave& leave);
    void on(const DurationReport& report);
    void on(const Condition& condition);
    void set_connected(ViewerId viewer, bool connected);
    void show(const ViewerRow& row);

    // A command that is new from a viewer who is here, and one that may be neither.
    Outcome decide(const Command& command, const MotionContext& context, Judge* judge);
    Outcome answer(const Command& command, const MotionContext& context, Judge* judge);
    std::optional<Outcome> denial_of(const Command& command) const;
    std::optional<Error> refusal_of_media(const Command& command) const;
    Result<Verdict> act(const Command& command, const Play& play, const MotionContext& context);
    Result<Verdict> act(const Command& command, const Pause& pause, const MotionContext& context);
    Result<Verdict> act(const Command& command, const Seek& seek, const MotionContext& context);
    Result<Verdict> act(const Command& command, const SetRate& set_rate, const MotionContext& context);
    Result<Verdict> act(const Command& command, const Load& load, const MotionContext& context);
    Result<Verdict> act(const Command& command, const SetName& set_name, const MotionContext& context);
    Result<Verdict> act(const Command& command, const PluginCommand& wish, const MotionContext& context);

    void agree_on_duration();
    void tell(EventKind kind, const Command& cause, Tick tick, MediaTime position);

    RoomState state_;
    TickLength tick_length_;
    std::vector<Event> events_;
};

} // namespace playhead
