#include "replication/baseline.hpp"

#include "replication/encode.hpp"

#include <cassert>

namespace playhead {
namespace {

// Everything that changed after `base`; everything there is after version 0.
RoomFields fields_since(const RoomState& state, Version base) {
    RoomFields fields;
    if (state.info.changed_at() > base) fields.info = state.info.value();
    if (state.media.changed_at() > base) fields.media = state.media.value();
    if (state.motion.changed_at() > base) fields.motion = state.motion.value();
    if (state.viewer_count.changed_at() > base) fields.viewer_count = state.viewer_count.value();
    for (const auto& [id, row] : state.roster.rows()) {
        if (row.changed_at() > base) fields.viewers.push_back(row.value());
    }
    for (const Roster::Tombstone& tombstone : state.roster.tombstones()) {
        const bool gone = tombstone.removed_at > base && !state.roster.rows().contains(tombstone.viewer);
        if (gone) fields.removed_viewers.push_back(tombstone.viewer);
    }
    return fields;
}

RoomFields all_fields(const RoomState& state) {
    RoomFields fields{.info = state.info.value(),
                      .media = state.media.value(),
                      .motion = state.motion.value(),
                      .viewer_count = state.viewer_count.value(),
                      .viewers = {},
                      .removed_viewers = {}};
    for (const auto& [id, row] : state.roster.rows()) fields.viewers.push_back(row.value());
    return fields;
}

} // namespace

void Baseline::observe(const RoomState& state, Tick tick) {
    const bool same_history = state.epoch == epoch_ && version_ != Version{0} && state.version >= version_;
    if (same_history && state.version == version_) return;
    if (!same_history) hash_ = StateHash{};
    hash_.feed(state, same_history ? version_ : Version{0});
    epoch_ = state.epoch;
    version_ = state.version;
    tick_ = tick;
    snapshot_ = Frame{};
    deltas_.clear();
}

bool Baseline::reachable(const RoomState& state, Epoch epoch, Version base) const {
    return epoch == state.epoch && base != Version{0} && base <= state.version &&
           base >= state.roster.tombstone_floor();
}

Frame Baseline::snapshot(const RoomState& state) {
    assert(state.version == version_ && "observe() after every commit");
    if (snapshot_.empty()) {
        snapshot_ = encode(Snapshot{.epoch = epoch_,
                                    .version = version_,
                                    .tick = tick_,
                                    .state_hash = state_hash(),
                                    .fields = all_fields(state)});
        ++snapshots_encoded_;
    }
    return snapshot_;
}

Frame Baseline::update_from(const RoomState& state, Epoch epoch, Version base, std::optional<ServerTime> sent_at) {
    assert(state.version == version_ && "observe() after every commit");
    if (!reachable(state, epoch, base)) return snapshot(state);
    const Key key{.base = base, .sent_at = sent_at};
    if (const auto kept = deltas_.find(key); kept != deltas_.end()) return kept->second;
    if (deltas_.size() >= frames_max) deltas_.clear();
    ++deltas_encoded_;
    return deltas_
        .emplace(key, encode(Delta{.epoch = epoch_,
                                   .base = base,
                                   .version = version_,
                                   .tick = tick_,
                                   .state_hash = state_hash(),
                                   .sent_at = sent_at,
                                   .fields = fields_since(state, base)}))
        .first->second;
}

} // namespace playhead
