#pragma once

#include "core/time.hpp"
#include "replication/messages.hpp"
#include "session/admission_pace.hpp"
#include "session/metrics.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace playhead {

class RoomHost; // NOLINT(cppcoreguidelines-virtual-class-destructor): it is final
class Session;

// Hellos whose tokens are good and that came faster than the shard lets viewers in: each waits for a tick that has room
// for it. Waiting a little is better than being sent away, which a person sees.
//   - Who has a place comes before who is new: three of them for each newcomer, while both wait, so that neither
//     starves the other. Among those of one kind rooms take turns, each in the order of arrival: ten thousand who
//     want into one room do not hold up the two who want into another.
//   - Nobody waits longer than SessionSettings::join_wait_max. Where the line is as long as that already, and when the
//     time has passed, a hello is answered with when to come back.
//   - A room whose plugins have not caught up with those who came takes nobody new; it keeps its turn.
//   Owner: one per shard. The rooms and sessions in it are borrowed: a session that goes is removed.
class AdmissionQueue {
  public:
    enum class Kind : std::uint8_t { returning, newcomer };
    static constexpr unsigned returning_for_each_newcomer = 3;

    struct Waiting {
        RoomHost* room = nullptr;
        Session* session = nullptr;
        Hello hello;
        ServerTime since;
    };

    AdmissionQueue(const SessionSettings& settings, TickLength tick_length) : pace_(settings, tick_length) {}

    // True if it may come in at once: the pace allows it, and it overtakes nobody.
    bool passes(Kind kind, const RoomHost& room, ServerTime now);
    // False if it would have to wait too long.
    bool add(Kind kind, Waiting waiting, Metrics& metrics);
    // Its connection has ended, or it has said goodbye. Nothing happens if it does not wait.
    void remove(const Session& session, Metrics& metrics);
    // For one who does not get in.
    std::uint32_t retry_ms(ServerTime now) { return pace_.retry_ms(now); }

    // ---- a tick
    void begin_tick();
    // Whose turn has come, as long as the pace allows.
    std::optional<Waiting> next(ServerTime now, Metrics& metrics);
    // Who has waited for too long.
    std::vector<Waiting> take_overdue(ServerTime now, Metrics& metrics);
    void end_tick(Microseconds duration) { pace_.tick_took(duration); }

  private:
    using Line = std::list<Waiting>;
    // One kind's lines, one for each room.
    struct Lines {
        std::unordered_map<RoomHost*, Line> of; // empty ones stay until their room's turn
        std::deque<RoomHost*> turns;            // every room that has a line, and is not put aside
        std::vector<RoomHost*> aside;           // rooms that take nobody more in this tick
        std::size_t size = 0;                   // who waits in all of them
    };
    struct Spot {
        Kind kind;
        RoomHost* room;
        Line::iterator at;
    };

    Lines& lines(Kind kind) { return lines_[std::to_underlying(kind)]; }
    std::size_t ahead_of(Kind kind) const;
    RoomHost* first_in_turn(Kind kind);
    Waiting take(Kind kind, Line& line, ServerTime now, Metrics& metrics);

    AdmissionPace pace_;
    std::array<Lines, 2> lines_;
    std::unordered_map<const Session*, Spot> spots_; // everyone who waits
    unsigned turn_ = 0;
};

} // namespace playhead
