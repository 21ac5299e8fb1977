#include "replication/baseline.hpp"

#include "replication/encode.hpp"

#include <algorithm>
#include <cassert>
#include <set>

namespace playhead {
namespace {

// A table that has not changed since is not looked into.
void add_shared_since(RoomFields& fields, const TableName& name, const SharedTable& table, Version base) {
    if (table.changed_at() <= base) return;
    for (const auto& [key, entry] : table.entries()) {
        if (entry.changed_at() > base) fields.shared.push_back({.table = name, .key = key, .value = entry.value()});
    }
    std::set<EntryKey> gone; // a key may have come and gone more than once
    for (const Removal& removal : table.tombstones()) {
        const bool tell = removal.removed_at > base && table.find(removal.key) == nullptr;
        if (tell && gone.insert(removal.key).second) {
            fields.shared.push_back({.table = name, .key = removal.key, .value = std::nullopt});
        }
    }
}

// Everything that `audience` sees of what changed after `base`.
RoomFields fields_since(const RoomState& state, Version base, Audience audience) {
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
    for (const auto& [name, table] : state.shared.tables()) {
        if (table.audience() <= audience) add_shared_since(fields, name, table, base);
    }
    return fields;
}

} // namespace

RoomFields fields_of(const RoomState& state, Audience audience) {
    RoomFields fields{.info = state.info.value(),
                      .media = state.media.value(),
                      .motion = state.motion.value(),
                      .viewer_count = state.viewer_count.value(),
                      .viewers = {},
                      .removed_viewers = {}};
    for (const auto& [id, row] : state.roster.rows()) fields.viewers.push_back(row.value());
    for (const auto& [name, table] : state.shared.tables()) {
        if (table.audience() > audience) continue;
        for (const auto& [key, entry] : table.entries()) {
            fields.shared.push_back({.table = name, .key = key, .value = entry.value()});
        }
    }
    return fields;
}

void Baseline::observe(const RoomState& state, Tick tick) {
    const bool same_history = state.epoch == epoch_ && version_ != Version{0} && state.version >= version_;
    if (same_history && state.version == version_) return;
    if (!same_history) hash_ = StateHash{};
    hash_.feed(state, same_history ? version_ : Version{0});
    epoch_ = state.epoch;
    version_ = state.version;
    tick_ = tick;
    snapshots_.fill(Frame{});
    deltas_.clear();
    find_levels(state.shared);
}

void Baseline::find_levels(const SharedState& shared) {
    std::array<bool, audience_levels> has_own{true};
    for (const auto& [name, table] : shared.tables()) has_own[std::to_underlying(table.audience())] = true;
    for (std::size_t level = 1; level < audience_levels; ++level) {
        levels_[level] = has_own[level] ? Audience{static_cast<std::uint8_t>(level)} : levels_[level - 1];
    }
}

bool Baseline::reachable(const RoomState& state, Epoch epoch, Version base) const {
    return epoch == state.epoch && base != Version{0} && base <= state.version &&
           base >= std::max(state.roster.tombstone_floor(), state.shared.tombstone_floor());
}

Frame Baseline::snapshot(const RoomState& state, Audience audience) {
    assert(state.version == version_ && "observe() after every commit");
    audience = level(audience);
    Frame& kept = snapshots_[std::to_underlying(audience)];
    if (kept.empty()) {
        kept = encode(Snapshot{.epoch = epoch_,
                               .version = version_,
                               .tick = tick_,
                               .state_hash = state_hash(audience),
                               .fields = fields_of(state, audience)});
        ++snapshots_encoded_;
    }
    return kept;
}

Frame Baseline::update_from(const RoomState& state, Epoch epoch, Version base, std::optional<ServerTime> sent_at,
                            Audience audience) {
    assert(state.version == version_ && "observe() after every commit");
    audience = level(audience);
    if (!reachable(state, epoch, base)) return snapshot(state, audience);
    const Key key{.audience = audience, .base = base, .sent_at = sent_at};
    if (const auto kept = deltas_.find(key); kept != deltas_.end()) return kept->second;
    if (deltas_.size() >= frames_max) deltas_.clear();
    ++deltas_encoded_;
    return deltas_
        .emplace(key, encode(Delta{.epoch = epoch_,
                                   .base = base,
                                   .version = version_,
                                   .tick = tick_,
                                   .state_hash = state_hash(audience),
                                   .sent_at = sent_at,
                                   .fields = fields_since(state, base, audience)}))
        .first->second;
}

} // namespace playhead
