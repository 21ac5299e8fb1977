#include "session/broadcast.hpp"

#include "replication/encode.hpp"

#include <algorithm>

namespace playhead {

void Broadcast::observe(Tick tick) {
    tick_ = tick;
    baseline_.observe(*state_, tick);
    update_base_.reset();
}

void Broadcast::tell(const Event& event) {
    if (events_.size() >= events_max) {
        events_.pop_front();
        ++events_begin_;
    }
    events_.push_back(encode(ServerMessage{event}));
}

void Broadcast::set_beacon(Beacon beacon) {
    beacon_ = std::move(beacon);
    beacon_frame_ = {};
    ++beacon_count_;
}

void Broadcast::written_at(std::optional<ServerTime> time) {
    written_at_ = time;
    update_base_.reset();
}

void Broadcast::forget_events() {
    events_begin_ = event_count();
    events_.clear();
}

const Frame& Broadcast::update_from(Epoch epoch, Version base) {
    if (update_base_ != std::pair{epoch, base}) {
        update_ = baseline_.update_from(*state_, epoch, base, written_at_);
        update_base_ = {epoch, base};
        count_encodings();
    }
    return update_;
}

Frame Broadcast::snapshot() {
    Frame frame = baseline_.snapshot(*state_);
    count_encodings();
    return frame;
}

void Broadcast::count_encodings() {
    metrics_->deltas_encoded_total +=
        baseline_.deltas_encoded() - std::exchange(deltas_counted_, baseline_.deltas_encoded());
    metrics_->snapshots_encoded_total +=
        baseline_.snapshots_encoded() - std::exchange(snapshots_counted_, baseline_.snapshots_encoded());
}

void Broadcast::append_events(std::uint32_t told, std::vector<Frame>& frames) const {
    // The counters wrap; their distance does not.
    const std::uint32_t missed = event_count() - told;
    const std::size_t kept = std::min<std::size_t>(missed, events_.size());
    frames.insert(frames.end(), events_.end() - static_cast<std::ptrdiff_t>(kept), events_.end());
}

const Frame& Broadcast::beacon() {
    if (beacon_frame_.empty() || beacon_frame_version_ != version()) {
        // State may have moved on since the pass began: a beacon always speaks of the state that goes out with it.
        beacon_.version = version();
        beacon_.tick = tick_;
        beacon_.state_hash = baseline_.state_hash();
        beacon_.fresh = written_at_.has_value();
        if (written_at_) beacon_.server_time = *written_at_;
        beacon_frame_ = encode(ServerMessage{beacon_});
        beacon_frame_version_ = version();
    }
    return beacon_frame_;
}

} // namespace playhead
