#include "session/outbox.hpp"

#include <utility>

namespace playhead {

void Outbox::claim(Epoch epoch, Version version) {
    epoch_ = epoch;
    base_ = version;
}

void Outbox::welcome(Frame welcome, const Broadcast& room) {
    if (lane_ != Lane::silent) return;
    lane_ = Lane::live;
    welcome_ = std::move(welcome);
    update_wanted_ = true;
    events_told_ = room.event_count();
    beacons_told_ = room.beacon_count();
}

bool Outbox::reply(Frame reply) {
    if (replies_.size() >= replies_max) return false;
    replies_.push_back(std::move(reply));
    return true;
}

void Outbox::flush(Broadcast& room, Connection& connection, ServerTime now, Metrics& metrics) {
    if (lane_ != Lane::live) return;
    std::vector<Frame>& frames = room.scratch();
    frames.clear();
    if (!welcome_.empty()) frames.push_back(std::exchange(welcome_, {}));
    if (snapshot_wanted_) {
        frames.push_back(room.snapshot());
    } else if (update_wanted_ || epoch_ != room.epoch() || base_ != room.version()) {
        frames.push_back(room.update_from(epoch_, base_));
    }
    snapshot_wanted_ = update_wanted_ = false;
    epoch_ = room.epoch();
    base_ = room.version();
    if (!replies_.empty()) {
        frames.insert(frames.end(), std::make_move_iterator(replies_.begin()), std::make_move_iterator(replies_.end()));
        replies_ = {};
    }
    if (events_told_ != room.event_count()) {
        room.append_events(events_told_, frames);
        events_told_ = room.event_count();
    }
    if (beacons_told_ != room.beacon_count()) {
        frames.push_back(room.beacon());
        beacons_told_ = room.beacon_count();
    }
    if (!frames.empty()) send(frames, connection, now, metrics);
    frames.clear();
}

bool Outbox::send_now(const Frame& frame, Connection& connection, ServerTime now, Metrics& metrics) {
    if (lane_ != Lane::live || !welcome_.empty()) return false;
    send({&frame, 1}, connection, now, metrics);
    return true;
}

bool Outbox::send(std::span<const Frame> frames, Connection& connection, ServerTime now, Metrics& metrics) {
    ++metrics.sends_total;
    for (const Frame& frame : frames) metrics.sent_bytes_total += frame.wire().size();
    if (connection.send(frames)) return true;
    lane_ = Lane::lagging;
    lagging_since_ = now;
    ++metrics.slow_sessions;
    return false;
}

void Outbox::drained(const Broadcast& room, Metrics& metrics) {
    if (lane_ != Lane::lagging) return;
    lane_ = Lane::live;
    --metrics.slow_sessions;
    events_told_ = room.event_count();
    beacons_told_ = room.beacon_count();
}

bool Outbox::too_slow(const Connection& connection, ServerTime now, const SessionSettings& settings) const {
    if (lane_ != Lane::lagging) return false;
    return connection.bytes_waiting() > settings.slow_bytes_max || now - lagging_since_ > settings.slow_time_max;
}

void Outbox::shut(Metrics& metrics) {
    if (lane_ == Lane::lagging) --metrics.slow_sessions;
    lane_ = Lane::shut;
    replies_ = {};
    welcome_ = {};
}

void Outbox::say_goodbye(const Frame& goodbye, Connection& connection, Metrics& metrics) {
    if (lane_ == Lane::silent || lane_ == Lane::live) {
        ++metrics.sends_total;
        metrics.sent_bytes_total += goodbye.wire().size();
        static_cast<void>(connection.send({&goodbye, 1})); // nothing follows it, so it may wait
    }
    shut(metrics);
}

} // namespace playhead
