#pragma once

#include "core/time.hpp"
#include "session/broadcast.hpp"
#include "session/clock.hpp"
#include "session/metrics.hpp"
#include "session/relays.hpp"
#include "session/session.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace playhead {

// A room's sessions, and the resumable pass that brings what the room has to say to each of them.
//
// Ten thousand sends cost more than a tick of kernel time. So a pass over a wide room is done in slices between ticks:
// ticks go on meanwhile, each session gets the newest state when its turn comes, and what changed behind the pass goes
// out with the next one, which starts when this one has ended. Sessions that are owed something of their own (a
// welcome, a reply) need not wait for the pass: they are visited first. Where relays write for some of them, a pass
// begins when these have written all that they were given: so a room's frame rate follows what its frames cost.
//   Owner: one RoomHost.
class FanOut {
  public:
    Session& add(std::unique_ptr<Session> session);
    // Hands the session back; a pass under way is not disturbed.
    std::unique_ptr<Session> remove(Session& session);
    std::size_t size() const { return size_; }
    // Of the shard itself and its relays, who writes for the fewest of these sessions: 0, or the number of a relay.
    std::size_t least_loaded(std::size_t relays) const;

    template <class Visit>
    void for_each(Visit visit) {
        for (const auto& session : sessions_)
            if (session) visit(*session);
    }

    // There is news for everyone: starts a pass, or lets another follow the one under way.
    void everyone();
    // This one is owed something of its own.
    void one(Session& session);

    bool idle() const { return owed_.empty() && !passing_; }
    // Visits sessions until all is done that can be done now, or the clock reaches `deadline`: then false. When it is
    // true and not idle(), relays are behind. `relays` may be null: none.
    bool run(Broadcast& room, const Clock& clock, ServerTime deadline, Metrics& metrics, const Relays* relays);

  private:
    // How many visits pass between two looks at the clock: a look costs 25 ns, a send 5 us.
    static constexpr std::size_t visits_between_looks = 8;

    bool may_begin(const Relays* relays) const { return size_ == written_here() || !relays || !relays->behind(); }
    std::size_t written_here() const { return written_by_.empty() ? 0 : written_by_.front(); }
    void finish_pass(Broadcast& room, Metrics& metrics);
    void close_gaps();

    std::vector<std::unique_ptr<Session>> sessions_; // slots; empty ones while a pass or a visit is under way
    std::size_t size_ = 0;
    std::vector<std::uint32_t> written_by_; // how many sessions: the shard itself, then relays
    std::vector<std::uint32_t> owed_;       // slots
    std::size_t owed_next_ = 0;
    std::size_t pass_next_ = 0;
    bool passing_ = false;
    bool again_ = false;
};

} // namespace playhead
