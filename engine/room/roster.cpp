#include "core/text.hpp"
#include "room/state.hpp"

#include <algorithm>

namespace playhead {

std::string shown_name(std::string_view wanted, ViewerId viewer) {
    std::string name = clean_text(wanted, SetName::name_characters_max);
    return name.empty() ? "Guest " + std::to_string(viewer.value) : name;
}

void Roster::put(ViewerRow row) {
    const ViewerId id = row.id;
    Field<ViewerRow>& field = rows_[id];
    field.set(std::move(row));
    dirty_ = dirty_ || field.dirty();
    std::erase(removed_, id);
}

void Roster::remove(ViewerId viewer) {
    const auto row = rows_.find(viewer);
    if (row == rows_.end()) return;
    // Nobody has been told of a row that was never committed.
    if (row->second.changed_at() != Version{0}) {
        removed_.push_back(viewer);
        dirty_ = true;
    }
    rows_.erase(row);
}

void Roster::commit(Version version) {
    if (!std::exchange(dirty_, false)) return;
    for (auto& [id, row] : rows_) row.commit(version);
    for (const ViewerId viewer : removed_) tombstones_.push_back({.viewer = viewer, .removed_at = version});
    removed_.clear();
    if (tombstones_.size() <= tombstones_max) return;
    const auto kept = tombstones_.end() - static_cast<std::ptrdiff_t>(tombstones_max);
    tombstone_floor_ = (kept - 1)->removed_at;
    tombstones_.erase(tombstones_.begin(), kept);
}

} // namespace playhead
