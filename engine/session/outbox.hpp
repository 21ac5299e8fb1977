#pragma once

#include "core/ids.hpp"
#include "core/time.hpp"
#include "replication/frame.hpp"
#include "session/broadcast.hpp"
#include "session/connection.hpp"
#include "session/lossy_updates.hpp"
#include "session/metrics.hpp"
#include "session/settings.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace playhead {

// For whom a viewer's frames have been made, and since which version: what it holds from before may lack what it may
// see now, or hold what it may see no more. Kept with its place.
struct Served {
    Audience audience = Audience::everyone;
    Version since; // 0 = always
};

// What a session owes its peer, and the one way out to it.
//     silent -> live <-> lagging, and from each of them -> shut
// A silent session has not been welcomed. A live one gets, at most once a tick and in one send: welcome, state,
// replies, events, beacon, in that order, so that a reply never arrives before the state that holds its effect. When
// the connection cannot take more, the session leaves the live group: nothing is queued for it but its replies and the
// plugins' reliable events, and when the connection has drained it gets one coalesced update from its own base. Other
// events and beacons it missed are gone.
// Where the connection may lose frames, updates are said again until they are acknowledged (LossyUpdates), and what
// must not come before its state, a welcome or a reply, has that state go reliably before it.
//   Owner: one per session.
class Outbox {
  public:
    enum class Lane : std::uint8_t { silent, live, lagging, shut };

    // A peer that sends commands and does not read the answers is closed rather than queued for.
    static constexpr std::size_t replies_max = 256;
    // Reliable events that wait for a slow peer; with more, it is closed.
    static constexpr std::size_t events_max = 64;

    // For a connection that loses frames larger than nothing and up to this (Connection::lossy_bytes_max).
    void expect_losses(std::size_t frame_bytes_max) { lossy_ = std::make_unique<LossyUpdates>(frame_bytes_max); }

    // What the peer says it holds already, and for whom that was made.
    void claim(Epoch epoch, Version version, const Served& served);
    // The peer is welcomed with the next flush and brought up from what it holds.
    void welcome(Frame welcome, const Broadcast& room);
    // False when the peer has too many unread answers already.
    bool reply(Frame reply);
    // An event for this peer alone.
    void tell(Frame event, bool lossy);
    void want_snapshot() { snapshot_wanted_ = true; }
    // What the peer says it holds now. True if it is to be visited because of that.
    bool acknowledge(Epoch epoch, Version version) {
        return lossy_ && lossy_->acknowledge(epoch, version) && unsettled();
    }
    // To be flushed on the next tick, though nothing may have changed.
    bool unsettled() const { return lossy_ && lane_ == Lane::live && lossy_->unsettled(); }

    // Sends all that is owed, if the lane allows. Calls Connection::send() at most once. An audience other than the
    // last time's gets a snapshot.
    void flush(Broadcast& room, Audience audience, Connection& connection, ServerTime now, Metrics& metrics);
    // Sends one frame at once if the peer is live, else drops it: for what is worth nothing later.
    bool send_now(const Frame& frame, Connection& connection, ServerTime now, Metrics& metrics);
    // Rejoins the live group. Then flush().
    void drained(const Broadcast& room, Audience audience, Metrics& metrics);
    // Past a byte and a time limit, or when more waits for it than may, a lagging session is to be closed.
    bool too_slow(const Connection& connection, ServerTime now, const SessionSettings& settings) const;
    void shut(Metrics& metrics);
    // The last frame, if the peer can take one; then shut.
    void say_goodbye(const Frame& goodbye, Connection& connection, Metrics& metrics);

    Lane lane() const { return lane_; }
    const Served& served() const { return served_; }

  private:
    void serve(Audience audience, const Broadcast& room);
    void append_update(Broadcast& room, Audience audience, std::vector<Frame>& frames);
    void append_lossy_update(Broadcast& room, Audience audience, ServerTime now, Metrics& metrics,
                             std::vector<Frame>& frames);
    void keep_events(const Broadcast& room, Audience audience);
    std::size_t events() const { return own_ ? own_->events.size() : 0; }
    struct Own;
    Own& own();
    bool send(std::span<const Frame> frames, Connection& connection, ServerTime now, Metrics& metrics);

    Lane lane_ = Lane::silent;
    bool snapshot_wanted_ = false;
    bool update_wanted_ = false; // even if it says that nothing has changed
    Epoch epoch_;                // what was handed to the connection last ...
    Version base_;
    std::unique_ptr<LossyUpdates> lossy_; // ... or, if it may get lost, what became of it
    Served served_;
    Told told_;
    ServerTime lagging_since_;

    // What this peer alone is owed. Hardly any of very many is owed any of it, so those have no room for it either.
    struct Own {
        Frame welcome;
        std::vector<Frame> replies;
        std::vector<Frame> events; // this peer's own, and reliable ones that it was too slow for
    };
    std::unique_ptr<Own> own_; // null: nothing
};

} // namespace playhead
