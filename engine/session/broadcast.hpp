#pragma once

#include "core/time.hpp"
#include "replication/baseline.hpp"
#include "replication/frame.hpp"
#include "replication/messages.hpp"
#include "room/event.hpp"
#include "room/state.hpp"
#include "session/metrics.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace playhead {

// What a room has to say to everyone right now: its newest state, the events not yet told to all, the newest beacon.
// Each piece is encoded once, when the first session asks for it, and shared by all. Events and beacons are counted, so
// that a session remembers by two numbers what it has been told.
//   Owner: one RoomHost.
class Broadcast {
  public:
    // Events that a pass has not yet told everyone. They are lossy: the oldest gives way.
    static constexpr std::size_t events_max = 256;

    Broadcast(const RoomState& state, Metrics& metrics) : state_(&state), metrics_(&metrics) {}

    // To be called after every commit, whether or not it changed anything.
    void observe(Tick tick);
    void tell(const Event& event);
    void set_beacon(Beacon beacon); // its version and hash are filled in here
    // Frames made from now on are written at once, at this time, and may serve as a clock sample; or they may have to
    // wait.
    void written_at(std::optional<ServerTime> time);
    // Everyone has been told.
    void forget_events();

    Epoch epoch() const { return state_->epoch; }
    Version version() const { return state_->version; }
    const Frame& update_from(Epoch epoch, Version base);
    Frame snapshot();

    std::uint32_t event_count() const { return events_begin_ + static_cast<std::uint32_t>(events_.size()); }
    // Appends the events after the first `told`.
    void append_events(std::uint32_t told, std::vector<Frame>& frames) const;

    std::uint32_t beacon_count() const { return beacon_count_; }
    const Frame& beacon();

    // Where one session's frames are gathered before they are sent; its memory is used again for the next.
    std::vector<Frame>& scratch() { return scratch_; }

  private:
    void count_encodings();

    const RoomState* state_;
    Metrics* metrics_;
    Baseline baseline_;
    Tick tick_;
    std::optional<ServerTime> written_at_;
    // The update that the last session took; nearly all sessions have the same base, and the next one most likely too.
    std::optional<std::pair<Epoch, Version>> update_base_;
    Frame update_;
    std::deque<Frame> events_;
    std::uint32_t events_begin_ = 0;
    Beacon beacon_;
    Frame beacon_frame_;
    Version beacon_frame_version_;
    std::uint32_t beacon_count_ = 0;
    std::uint64_t deltas_counted_ = 0;
    std::uint64_t snapshots_counted_ = 0;
    std::vector<Frame> scratch_;
};

} // namespace playhead
