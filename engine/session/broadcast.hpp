#pragma once

#include "core/time.hpp"
#include "replication/baseline.hpp"
#include "replication/frame.hpp"
#include "replication/messages.hpp"
#include "room/event.hpp"
#include "room/state.hpp"
#include "session/metrics.hpp"
#include "session/told_events.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace playhead {

// What a session has been told: how many events of each kind, and how many beacons.
struct Told {
    std::uint32_t events = 0;
    std::uint32_t plugin_events = 0;
    std::uint32_t reliable_events = 0;
    std::uint32_t beacons = 0;
};

// What a room has to say to everyone right now: its newest state, the events not yet told to all, the newest beacon,
// each as the audience may see it. Each piece is encoded once, when the first session asks for it, and shared by all
// who see the same. Events and beacons are counted, so that a session remembers by a few numbers what it has been told.
//   Owner: one RoomHost.
class Broadcast {
  public:
    Broadcast(const RoomState& state, Metrics& metrics) : state_(&state), metrics_(&metrics) {}

    // To be called after every commit, whether or not it changed anything.
    void observe(Tick tick);
    void tell(const Event& event);
    // To its audience. Those that are not lossy are counted apart: no flood of lossy ones pushes them out.
    void tell(const PluginEvent& event);
    void set_beacon(Beacon beacon); // its version and hash are filled in here
    // Frames made from now on are written at once, at this time, and may serve as a clock sample; or they may have to
    // wait.
    void written_at(std::optional<ServerTime> time);
    // Everyone has been told.
    void forget_events();

    Epoch epoch() const { return state_->epoch; }
    Version version() const { return state_->version; }
    const Frame& update_from(Epoch epoch, Version base, Audience audience);
    Frame snapshot(Audience audience);
    // For whoever keeps it: it never says when it was sent.
    Frame unstamped_update_from(Version base, Audience audience);
    // By the roles that the viewer has now.
    Audience audience_of(ViewerId viewer) const;
    // Moves whenever somebody's roles do.
    std::uint32_t roles_revision() const { return state_->roles_revision; }

    // As many of each as there have been.
    Told told() const;
    // Appends what was told after those: the engine's events, the plugins', and of these the reliable ones alone.
    void append_events(const Told& told, std::vector<Frame>& frames) const;
    void append_plugin_events(const Told& told, Audience audience, std::vector<Frame>& frames) const;
    void append_reliable_events(const Told& told, Audience audience, std::vector<Frame>& frames) const;
    const Frame& beacon(Audience audience);

    // Viewers whose sessions have something to say again on the next tick, since it may have been lost.
    void visit_again(ViewerId viewer) { unsettled_.push_back(viewer); }
    bool someone_unsettled() const { return !unsettled_.empty(); }
    std::vector<ViewerId> take_unsettled() { return std::exchange(unsettled_, {}); }

    // Where one session's frames are gathered before they are sent; its memory is used again for the next.
    std::vector<Frame>& scratch() { return scratch_; }

  private:
    // What sessions of one audience are sent, encoded when the first of them asks.
    struct Level {
        // The update that the last session took; nearly all have the same base, and the next one most likely too.
        std::optional<std::pair<Epoch, Version>> update_base;
        Frame update;
        Frame beacon;
        Version beacon_version;
    };
    // Audiences that see the same share one.
    Level& level_of(Audience audience) { return levels_[std::to_underlying(baseline_.level(audience))]; }
    void forget_frames();
    void count_encodings();

    const RoomState* state_;
    Metrics* metrics_;
    Baseline baseline_;
    Tick tick_;
    std::optional<ServerTime> written_at_;
    std::array<Level, audience_levels> levels_;
    ToldEvents events_;          // the engine's own
    ToldEvents plugin_events_;   // lossy ones
    ToldEvents reliable_events_; // of plugins
    Beacon beacon_;
    std::uint32_t beacon_count_ = 0;
    std::uint64_t deltas_counted_ = 0;
    std::uint64_t snapshots_counted_ = 0;
    std::vector<Frame> scratch_;
    std::vector<ViewerId> unsettled_; // each is here once a flush: no more often than sessions are visited
};

} // namespace playhead
