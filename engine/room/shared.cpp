#include "room/shared.hpp"

#include "room/state.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>
#include <utility>

namespace playhead {

Audience audience_of(std::uint32_t roles) {
    const auto has = [roles](Role role) { return (roles & std::to_underlying(role)) != 0; };
    if (has(Role::owner)) return Audience::owner;
    return has(Role::moderator) || has(Role::host) || has(Role::cohost) ? Audience::moderators : Audience::everyone;
}

// ---- SharedTable

const Value* SharedTable::find(const EntryKey& key) const {
    const auto entry = entries_.find(key);
    return entry == entries_.end() ? nullptr : &entry->second.value();
}

// The two ways by which an entry comes and goes; they keep the sums.
void SharedTable::insert(const EntryKey& key, Field<Value> entry) {
    dirty_entries_ += entry.dirty() ? 1U : 0U;
    bytes_ += SharedState::bytes_for(key, entry.value());
    entries_.insert_or_assign(key, std::move(entry));
}

std::optional<Field<Value>> SharedTable::take(const EntryKey& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return std::nullopt;
    Field<Value> entry = std::move(found->second);
    entries_.erase(found);
    dirty_entries_ -= entry.dirty() ? 1U : 0U;
    bytes_ -= SharedState::bytes_for(key, entry.value());
    return entry;
}

void SharedTable::put(const EntryKey& key, Value value) {
    auto entry = take(key);
    // What goes and comes back within a tick as it was has not changed.
    if (const auto removed = removed_.find(key); removed != removed_.end()) {
        entry = std::move(removed->second);
        removed_.erase(removed);
    }
    if (!entry) entry.emplace();
    entry->set(std::move(value));
    insert(key, *std::move(entry));
}

void SharedTable::remove(const EntryKey& key) {
    auto entry = take(key);
    // Nobody has been told of an entry that was never committed.
    if (entry && entry->changed_at() != Version{0}) removed_.insert_or_assign(key, *std::move(entry));
}

void SharedTable::restore(const EntryKey& key, std::optional<Field<Value>> entry, std::optional<Field<Value>> removed) {
    take(key);
    removed_.erase(key);
    if (entry) insert(key, *std::move(entry));
    if (removed) removed_.insert_or_assign(key, *std::move(removed));
}

void SharedTable::commit(Version version) {
    if (!dirty()) return;
    changed_at_ = version;
    for (auto& [key, entry] : entries_) entry.commit(version);
    dirty_entries_ = 0;
    for (const auto& [key, entry] : removed_) tombstones_.push_back({.key = key, .removed_at = version});
    removed_.clear();
}

// ---- SharedState

const SharedTable* SharedState::find(const TableName& table) const {
    const auto found = tables_.find(table);
    return found == tables_.end() ? nullptr : &found->second;
}

const Value* SharedState::find(const TableName& table, const EntryKey& key) const {
    const SharedTable* found = find(table);
    return found == nullptr ? nullptr : found->find(key);
}

template <class Change>
void SharedState::change(const TableName& name, Change change) {
    const auto found = tables_.find(name);
    assert(found != tables_.end() && "a table is declared before it is written");
    SharedTable& table = found->second;
    dirty_tables_ -= table.dirty() ? 1U : 0U;
    change(table);
    dirty_tables_ += table.dirty() ? 1U : 0U;
}

void SharedState::declare(const TableName& table, Audience audience) {
    assert(!table.plugin.empty() && table.plugin.size() <= TableName::bytes_max);
    assert(!table.field.empty() && table.field.size() <= TableName::bytes_max);
    const auto [found, is_new] = tables_.try_emplace(table, SharedTable{audience});
    if (is_new || found->second.audience() == audience) return;
    found->second.audience_ = audience;
    floor_rises_ = true;
}

void SharedState::withdraw(const TableName& table) {
    const auto found = tables_.find(table);
    if (found == tables_.end()) return;
    dirty_tables_ -= found->second.dirty() ? 1U : 0U;
    tables_.erase(found);
    floor_rises_ = true;
}

void SharedState::put(const TableName& table, const EntryKey& key, Value value) {
    assert(!value.is_nil() && "what is nil is removed");
    assert((!std::holds_alternative<std::string>(key) || std::get<std::string>(key).size() <= key_bytes_max) &&
           "a key is short");
    assert(!canonical_fault(value) && "what is shared may travel");
    change(table, [&](SharedTable& found) { found.put(key, std::move(value)); });
}

void SharedState::remove(const TableName& table, const EntryKey& key) {
    change(table, [&](SharedTable& found) { found.remove(key); });
}

SharedUndo SharedState::before(const TableName& table, const EntryKey& key) const {
    SharedUndo undo{.table = table, .key = key, .entry = {}, .removed = {}};
    const SharedTable* found = find(table);
    if (found == nullptr) return undo;
    if (const auto entry = found->entries_.find(key); entry != found->entries_.end()) undo.entry = entry->second;
    if (const auto gone = found->removed_.find(key); gone != found->removed_.end()) undo.removed = gone->second;
    return undo;
}

void SharedState::restore(SharedUndo undo) {
    change(undo.table,
           [&](SharedTable& found) { found.restore(undo.key, std::move(undo.entry), std::move(undo.removed)); });
}

std::size_t SharedState::bytes() const {
    std::size_t sum = 0;
    for (const auto& [name, table] : tables_) sum += table.bytes();
    return sum;
}

std::size_t SharedState::bytes_of(std::string_view plugin) const {
    std::size_t sum = 0;
    for (auto at = tables_.lower_bound({.plugin = std::string{plugin}, .field = {}});
         at != tables_.end() && at->first.plugin == plugin; ++at) {
        sum += at->second.bytes();
    }
    return sum;
}

// Beside key and value a FlatBuffer has, for each entry: its table of five fields, its place in the vector, and the
// lengths and paddings of two byte sequences.
std::size_t SharedState::bytes_for(const EntryKey& key, const Value& value) {
    const auto* text = std::get_if<std::string>(&key);
    return entry_bytes_min + (text != nullptr ? text->size() + 1 : 0) + wire_bytes_max(value);
}

void SharedState::commit(Version version) {
    if (std::exchange(dirty_tables_, 0) > 0) {
        for (auto& [name, table] : tables_) table.commit(version);
        forget_oldest_removals();
    }
    if (std::exchange(floor_rises_, false)) tombstone_floor_ = version;
}

// All of a version's at once: the floor says that nothing is known of its removals any more.
void SharedState::forget_oldest_removals() {
    const auto kept = [this] {
        return std::accumulate(tables_.begin(), tables_.end(), std::size_t{0}, [](std::size_t sum, const auto& named) {
            return sum + named.second.tombstones().size();
        });
    };
    while (kept() > tombstones_max) {
        Version oldest{std::numeric_limits<std::uint32_t>::max()};
        for (const auto& [name, table] : tables_) {
            if (table.tombstones_.empty()) continue;
            oldest = std::min(oldest, table.tombstones_.front().removed_at);
        }
        for (auto& [name, table] : tables_) {
            const auto is_newer = [oldest](const Removal& removal) { return removal.removed_at > oldest; };
            table.tombstones_.erase(table.tombstones_.begin(), std::ranges::find_if(table.tombstones_, is_newer));
        }
        tombstone_floor_ = oldest;
    }
}

} // namespace playhead
