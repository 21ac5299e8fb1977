#include "replication/replica.hpp"

#include "replication/state_hash.hpp"

namespace playhead {

Replica::Applied Replica::apply(const Snapshot& snapshot) {
    if (snapshot.epoch == epoch_ && snapshot.version < version_) return Applied::unchanged;
    *this = Replica{};
    epoch_ = snapshot.epoch;
    version_ = snapshot.version;
    take(snapshot.fields);
    return state_hash() == snapshot.state_hash ? Applied::updated : Applied::hash_mismatch;
}

Replica::Applied Replica::apply(const Delta& delta) {
    if (delta.epoch != epoch_ || delta.base > version_ || version_ == Version{0}) return Applied::needs_snapshot;
    if (delta.version <= version_) return Applied::unchanged;
    version_ = delta.version;
    take(delta.fields);
    return state_hash() == delta.state_hash ? Applied::updated : Applied::hash_mismatch;
}

void Replica::take(const RoomFields& fields) {
    if (fields.info) info_ = *fields.info;
    if (fields.media) media_ = *fields.media;
    if (fields.motion) motion_ = *fields.motion;
    if (fields.viewer_count) viewer_count_ = *fields.viewer_count;
    for (const ViewerId viewer : fields.removed_viewers) viewers_.erase(viewer);
    for (const ViewerRow& row : fields.viewers) viewers_.insert_or_assign(row.id, row);
    for (const SharedEntry& entry : fields.shared) take(entry);
}

void Replica::take(const SharedEntry& entry) {
    if (entry.value) {
        shared_[entry.table].insert_or_assign(entry.key, *entry.value);
        return;
    }
    const auto table = shared_.find(entry.table);
    if (table == shared_.end()) return;
    table->second.erase(entry.key);
    if (table->second.empty()) shared_.erase(table);
}

std::uint32_t Replica::state_hash() const {
    std::uint32_t sum = item_hash(info_) + item_hash(media_) + item_hash(motion_) + viewer_count_hash(viewer_count_);
    for (const auto& [id, row] : viewers_) sum += item_hash(row);
    for (const auto& [name, entries] : shared_) {
        for (const auto& [key, value] : entries) sum += item_hash(name, key, value);
    }
    return sum;
}

} // namespace playhead
