#include "session/outbox.hpp"

#include <iterator>
#include <utility>

namespace playhead {

// What was sent at the very version at which the audience changed may have been of either kind: then it counts as
// nothing.
void Outbox::claim(Epoch epoch, Version version, const Served& served) {
    served_ = served;
    if (served.since != Version{0} && version <= served.since) return;
    epoch_ = epoch;
    base_ = version;
    if (lossy_) lossy_->claim(epoch, version);
}

void Outbox::welcome(Frame welcome, const Broadcast& room) {
    if (lane_ != Lane::silent) return;
    lane_ = Lane::live;
    own().welcome = std::move(welcome);
    update_wanted_ = true;
    told_ = room.told();
}

bool Outbox::reply(Frame reply) {
    if (own_ && own_->replies.size() >= replies_max) return false;
    own().replies.push_back(std::move(reply));
    return true;
}

void Outbox::tell(Frame event, bool lossy) {
    if (lane_ == Lane::live || (lane_ == Lane::lagging && !lossy && events() <= events_max))
        own().events.push_back(std::move(event));
}

Outbox::Own& Outbox::own() {
    if (!own_) own_ = std::make_unique<Own>();
    return *own_;
}

void Outbox::serve(Audience audience, const Broadcast& room) {
    if (served_.audience == audience) return;
    served_ = {audience, room.version()};
    base_ = Version{0}; // which no delta leads on from
    if (lossy_) lossy_->forget();
    update_wanted_ = true;
}

void Outbox::append_update(Broadcast& room, Audience audience, std::vector<Frame>& frames) {
    if (snapshot_wanted_) {
        frames.push_back(room.snapshot(audience));
    } else if (update_wanted_ || epoch_ != room.epoch() || base_ != room.version()) {
        frames.push_back(room.update_from(epoch_, base_, audience));
    }
    epoch_ = room.epoch();
    base_ = room.version();
}

// [E5] [E7] [S2] Replies go reliably and deltas do not: so a delta that a reply must not overtake goes as the reply
// does.
void Outbox::append_lossy_update(Broadcast& room, Audience audience, ServerTime now, Metrics& metrics,
                                 std::vector<Frame>& frames) {
    using Next = LossyUpdates::Next;
    const Version newest = room.version();
    Next next = lossy_->next(newest, update_wanted_ || (own_ && !own_->replies.empty()), now);
    if (snapshot_wanted_ || lossy_->epoch() != room.epoch()) next = Next::snapshot;
    if (next == Next::nothing && update_wanted_) next = Next::reliable_delta; // to say that nothing has changed
    if (next == Next::nothing) return;
    const Frame frame =
        next == Next::snapshot ? room.snapshot(audience) : room.update_from(lossy_->epoch(), lossy_->base(), audience);
    if (frame.delivery() == Delivery::reliable) { // a snapshot, wanted or for want of a way
        lossy_->sent_snapshot(room.epoch(), newest);
        frames.push_back(frame);
    } else if (next == Next::reliable_delta || frame.payload().size() > lossy_->frame_bytes_max()) {
        lossy_->sent_reliably(newest);
        frames.push_back(frame.delivered(Delivery::reliable));
    } else {
        if (lossy_->unsettled() && lossy_->sent() == newest) ++metrics.updates_repeated_total;
        lossy_->said(newest, now);
        frames.push_back(frame);
    }
}

void Outbox::flush(Broadcast& room, Audience audience, Connection& connection, ServerTime now, Metrics& metrics) {
    if (lane_ == Lane::lagging) keep_events(room, audience);
    if (lane_ != Lane::live) return;
    serve(audience, room);
    std::vector<Frame>& frames = room.scratch();
    frames.clear();
    if (own_ && !own_->welcome.empty()) frames.push_back(own_->welcome);
    if (lossy_) {
        append_lossy_update(room, audience, now, metrics, frames);
    } else {
        append_update(room, audience, frames);
    }
    snapshot_wanted_ = update_wanted_ = false;
    const std::unique_ptr<Own> own = std::exchange(own_, nullptr);
    const auto append = [&frames](std::vector<Frame>& more) {
        frames.insert(frames.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    };
    const Told before = std::exchange(told_, room.told());
    if (own) append(own->replies);
    room.append_events(before, frames);
    if (own) append(own->events);
    room.append_plugin_events(before, audience, frames);
    if (before.beacons != told_.beacons) frames.push_back(room.beacon(audience));
    if (!frames.empty()) send(frames, connection, now, metrics);
    frames.clear();
}

void Outbox::keep_events(const Broadcast& room, Audience audience) {
    if (events() <= events_max) room.append_reliable_events(told_, audience, own().events);
    told_ = room.told();
}

bool Outbox::send_now(const Frame& frame, Connection& connection, ServerTime now, Metrics& metrics) {
    if (lane_ != Lane::live || (own_ && !own_->welcome.empty())) return false;
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
    ++metrics.slow_sessions_total;
    return false;
}

void Outbox::drained(const Broadcast& room, Audience audience, Metrics& metrics) {
    if (lane_ != Lane::lagging) return;
    keep_events(room, audience);
    lane_ = Lane::live;
    --metrics.slow_sessions;
}

bool Outbox::too_slow(const Connection& connection, ServerTime now, const SessionSettings& settings) const {
    if (lane_ != Lane::lagging) return false;
    return connection.bytes_waiting() > settings.slow_bytes_max || now - lagging_since_ > settings.slow_time_max ||
           events() > events_max;
}

void Outbox::shut(Metrics& metrics) {
    if (lane_ == Lane::lagging) --metrics.slow_sessions;
    lane_ = Lane::shut;
    own_ = nullptr;
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
