#include "replication/state_hash.hpp"

#include "core/hash.hpp"

#include <utility>

namespace playhead {
namespace {

// What an item is, so that two of different kinds never hash alike. PROTOCOL.md section 6.
enum class Tag : std::uint8_t { info = 1, media = 2, motion = 3, viewer_count = 4, viewer_row = 5 };

CanonicalHash begin(Tag tag) {
    CanonicalHash hash;
    hash.u8(std::to_underlying(tag));
    return hash;
}

void add(CanonicalHash& hash, const Playhead& playhead) {
    hash.i64(playhead.anchor_position.count());
    hash.u32(playhead.anchor_tick.number);
    hash.u32(playhead.media.value);
    hash.u16(static_cast<std::uint16_t>(playhead.rate.permille));
    hash.boolean(playhead.playing);
}

} // namespace

std::uint32_t item_hash(const RoomInfo& info) {
    CanonicalHash hash = begin(Tag::info);
    hash.text(info.title);
    hash.boolean(info.listed);
    return hash.value();
}

std::uint32_t item_hash(const Media& media) {
    CanonicalHash hash = begin(Tag::media);
    hash.u32(media.instance.value);
    hash.u8(std::to_underlying(media.kind));
    hash.text(media.url);
    hash.text(media.title);
    hash.i64(media.duration.count());
    return hash.value();
}

std::uint32_t item_hash(const Motion& motion) {
    CanonicalHash hash = begin(Tag::motion);
    add(hash, motion.current);
    hash.boolean(motion.pending.has_value());
    if (motion.pending) add(hash, *motion.pending);
    return hash.value();
}

std::uint32_t viewer_count_hash(std::uint32_t count) {
    CanonicalHash hash = begin(Tag::viewer_count);
    hash.u32(count);
    return hash.value();
}

std::uint32_t item_hash(const ViewerRow& row) {
    CanonicalHash hash = begin(Tag::viewer_row);
    hash.u32(row.id.value);
    hash.text(row.name);
    hash.u32(row.roles);
    hash.boolean(row.connected);
    return hash.value();
}

StateHash::StateHash()
    : info_(item_hash(RoomInfo{})),
      media_(item_hash(Media{})),
      motion_(item_hash(Motion{})),
      viewer_count_(viewer_count_hash(0)) {
    sum_ = info_ + media_ + motion_ + viewer_count_;
}

void StateHash::replace(std::uint32_t& kept, std::uint32_t hash) {
    sum_ += hash - kept;
    kept = hash;
}

void StateHash::feed(const RoomState& state, Version since) {
    if (since < state.roster.tombstone_floor()) {
        *this = StateHash{};
        since = Version{0};
    }
    if (state.info.changed_at() > since) replace(info_, item_hash(state.info.value()));
    if (state.media.changed_at() > since) replace(media_, item_hash(state.media.value()));
    if (state.motion.changed_at() > since) replace(motion_, item_hash(state.motion.value()));
    if (state.viewer_count.changed_at() > since) replace(viewer_count_, viewer_count_hash(state.viewer_count.value()));

    for (const Roster::Tombstone& tombstone : state.roster.tombstones()) {
        const auto row = rows_.find(tombstone.viewer);
        if (tombstone.removed_at <= since || row == rows_.end()) continue;
        sum_ -= row->second;
        rows_.erase(row);
    }
    for (const auto& [id, row] : state.roster.rows()) {
        if (row.changed_at() > since) replace(rows_[id], item_hash(row.value()));
    }
}

std::uint32_t StateHash::of(const RoomState& state) {
    std::uint32_t sum = item_hash(state.info.value()) + item_hash(state.media.value()) +
                        item_hash(state.motion.value()) + viewer_count_hash(state.viewer_count.value());
    for (const auto& [id, row] : state.roster.rows()) sum += item_hash(row.value());
    return sum;
}

} // namespace playhead
