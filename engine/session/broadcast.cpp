#include "session/broadcast.hpp"

#include "replication/encode.hpp"

namespace playhead {

void Broadcast::observe(Tick tick) {
    tick_ = tick;
    baseline_.observe(*state_, tick);
    forget_frames();
}

void Broadcast::forget_frames() {
    for (Level& level : levels_) level.update_base.reset();
}

void Broadcast::tell(const Event& event) { events_.tell(encode(ServerMessage{event}), Audience::everyone); }

void Broadcast::tell(const PluginEvent& event) {
    (event.lossy ? plugin_events_ : reliable_events_).tell(encode(ServerMessage{event}), event.to);
}

void Broadcast::set_beacon(Beacon beacon) {
    beacon_ = std::move(beacon);
    for (Level& level : levels_) level.beacon = {};
    ++beacon_count_;
}

void Broadcast::written_at(std::optional<ServerTime> time) {
    written_at_ = time;
    forget_frames();
}

void Broadcast::forget_events() {
    events_.forget();
    plugin_events_.forget();
    reliable_events_.forget();
}

const Frame& Broadcast::update_from(Epoch epoch, Version base, Audience audience) {
    Level& level = level_of(audience);
    if (level.update_base != std::pair{epoch, base}) {
        level.update = baseline_.update_from(*state_, epoch, base, written_at_, audience);
        level.update_base = {epoch, base};
        count_encodings();
    }
    return level.update;
}

Frame Broadcast::unstamped_update_from(Version base, Audience audience) {
    return baseline_.update_from(*state_, state_->epoch, base, std::nullopt, audience);
}

Frame Broadcast::snapshot(Audience audience) {
    Frame frame = baseline_.snapshot(*state_, audience);
    count_encodings();
    return frame;
}

Audience Broadcast::audience_of(ViewerId viewer) const {
    const auto row = state_->viewers.find(viewer);
    return row == state_->viewers.end() ? Audience::everyone : playhead::audience_of(row->second.roles);
}

void Broadcast::count_encodings() {
    metrics_->deltas_encoded_total +=
        baseline_.deltas_encoded() - std::exchange(deltas_counted_, baseline_.deltas_encoded());
    metrics_->snapshots_encoded_total +=
        baseline_.snapshots_encoded() - std::exchange(snapshots_counted_, baseline_.snapshots_encoded());
}

Told Broadcast::told() const {
    return {events_.count(), plugin_events_.count(), reliable_events_.count(), beacon_count_};
}

void Broadcast::append_events(const Told& told, std::vector<Frame>& frames) const {
    events_.append(told.events, Audience::everyone, frames);
}

void Broadcast::append_plugin_events(const Told& told, Audience audience, std::vector<Frame>& frames) const {
    append_reliable_events(told, audience, frames);
    plugin_events_.append(told.plugin_events, audience, frames);
}

void Broadcast::append_reliable_events(const Told& told, Audience audience, std::vector<Frame>& frames) const {
    reliable_events_.append(told.reliable_events, audience, frames);
}

const Frame& Broadcast::beacon(Audience audience) {
    Level& level = level_of(audience);
    if (level.beacon.empty() || level.beacon_version != version()) {
        // State may have moved on since the pass began: a beacon always speaks of the state that goes out with it.
        beacon_.version = version();
        beacon_.tick = tick_;
        beacon_.state_hash = baseline_.state_hash(audience);
        beacon_.fresh = written_at_.has_value();
        if (written_at_) beacon_.server_time = *written_at_;
        level.beacon = encode(ServerMessage{beacon_});
        level.beacon_version = version();
    }
    return level.beacon;
}

} // namespace playhead
