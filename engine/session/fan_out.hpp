#pragma once

#include "core/time.hpp"
#include "session/broadcast.hpp"
#include "session/clock.hpp"
#include "session/metrics.hpp"
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
// welcome, a reply) need not wait for the pass: they are visited first.
//   Owner: one RoomHost.
class FanOut {
  public:
    Session& add(std::unique_ptr<Session> session);
    // Hands the session back; a pass under way is not disturbed.
    std::unique_ptr<Session> remove(Session& session);
    std::size_t size() const { return size_; }

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
    // Visits sessions until all is done or the clock reaches `deadline`; false when work is left.
    bool run(Broadcast& room, const Clock& clock, ServerTime deadline, Metrics& metrics);

  private:
    // How many visits pass between two looks at the clock: a look costs 25 ns, a send 5 us.
    static constexpr std::size_t visits_between_looks = 8;

    void finish_pass(Broadcast& room, Metrics& metrics);
    void close_gaps();

    std::vector<std::unique_ptr<Session>> sessions_; // slots; empty ones while a pass or a visit is under way
    std::size_t size_ = 0;
    std::vector<std::uint32_t> owed_; // slots
    std::size_t owed_next_ = 0;
    std::size_t pass_next_ = 0;
    bool passing_ = false;
    bool again_ = false;
};

} // namespace playhead
