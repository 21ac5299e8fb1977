#include "replication/state_hash.hpp"

#include "core/hash.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace playhead {
namespace {

// What an item is, so that two of different kinds never hash alike. PROTOCOL.md section 6.
enum class Tag : std::uint8_t { info = 1, media = 2, motion = 3, viewer_count = 4, viewer_row = 5, shared_entry = 6 };

// What a key and a value are.
enum class KeyTag : std::uint8_t { none = 0, integer = 1, text = 2 };
enum class ValueTag : std::uint8_t { nil = 0, boolean = 1, integer = 2, number = 3, text = 4, list = 5, map = 6 };

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

void add(CanonicalHash& hash, const EntryKey& key) {
    if (const auto* integer = std::get_if<std::int64_t>(&key)) {
        hash.u8(std::to_underlying(KeyTag::integer));
        hash.i64(*integer);
    } else if (const auto* text = std::get_if<std::string>(&key)) {
        hash.u8(std::to_underlying(KeyTag::text));
        hash.text(*text);
    } else {
        hash.u8(std::to_underlying(KeyTag::none));
    }
}

void add(CanonicalHash& hash, const Value& value) {
    const auto say = [&](ValueTag tag) { hash.u8(std::to_underlying(tag)); };
    if (const auto* flag = value.get_if<bool>()) {
        say(ValueTag::boolean);
        hash.boolean(*flag);
    } else if (const auto* integer = value.get_if<std::int64_t>()) {
        say(ValueTag::integer);
        hash.i64(*integer);
    } else if (const auto* number = value.get_if<double>()) {
        say(ValueTag::number);
        hash.i64(std::bit_cast<std::int64_t>(*number));
    } else if (const auto* text = value.get_if<std::string>()) {
        say(ValueTag::text);
        hash.text(*text);
    } else if (const auto* list = value.get_if<Value::List>()) {
        say(ValueTag::list);
        hash.u32(static_cast<std::uint32_t>(list->size()));
        for (const Value& item : *list) add(hash, item);
    } else if (const auto* map = value.get_if<Value::Map>()) {
        say(ValueTag::map);
        hash.u32(static_cast<std::uint32_t>(map->size()));
        for (const Value::Entry& entry : *map) {
            hash.text(entry.key);
            add(hash, entry.value);
        }
    } else {
        say(ValueTag::nil);
    }
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

std::uint32_t item_hash(const TableName& table, const EntryKey& key, const Value& value) {
    CanonicalHash hash = begin(Tag::shared_entry);
    hash.text(table.plugin);
    hash.text(table.field);
    add(hash, key);
    add(hash, value);
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
    if (since < std::max(state.roster.tombstone_floor(), state.shared.tombstone_floor())) {
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
    for (const auto& [name, table] : state.shared.tables()) feed(name, table, since);
}

void StateHash::feed(const TableName& name, const SharedTable& table, Version since) {
    if (table.changed_at() <= since) return;
    Entries& hashes = tables_[name];
    std::uint32_t& sum = shared_sum_[std::to_underlying(table.audience())];
    for (const Removal& removal : table.tombstones()) {
        const auto entry = hashes.find(removal.key);
        if (removal.removed_at <= since || entry == hashes.end()) continue;
        sum -= entry->second;
        hashes.erase(entry);
    }
    for (const auto& [key, entry] : table.entries()) {
        if (entry.changed_at() <= since) continue;
        std::uint32_t& kept = hashes[key];
        const std::uint32_t hash = item_hash(name, key, entry.value());
        sum += hash - kept;
        kept = hash;
    }
}

std::uint32_t StateHash::value(Audience audience) const {
    std::uint32_t sum = sum_;
    for (std::size_t level = 0; level <= std::to_underlying(audience); ++level) sum += shared_sum_[level];
    return sum;
}

std::uint32_t StateHash::of(const RoomState& state, Audience audience) {
    std::uint32_t sum = item_hash(state.info.value()) + item_hash(state.media.value()) +
                        item_hash(state.motion.value()) + viewer_count_hash(state.viewer_count.value());
    for (const auto& [id, row] : state.roster.rows()) sum += item_hash(row.value());
    for (const auto& [name, table] : state.shared.tables()) {
        if (table.audience() > audience) continue;
        for (const auto& [key, entry] : table.entries()) sum += item_hash(name, key, entry.value());
    }
    return sum;
}

} // namespace playhead
