#pragma once

#include "core/ids.hpp"
#include "core/value.hpp"
#include "room/field.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace playhead {

// Who is shown a table. A chain: each level sees what the ones before it see.
enum class Audience : std::uint8_t { everyone, moderators, owner };
inline constexpr std::size_t audience_levels = 3;

// The level of a viewer with these roles: the owner's; the moderators' for a moderator, host or cohost; everyone's.
Audience audience_of(std::uint32_t roles);

// Names an entry of a table: none (the table is one value), an integer, or text. In this order; text in byte order.
using EntryKey = std::variant<std::monostate, std::int64_t, std::string>;

// One declared field of a plugin. Fields of the engine's own begin with '@' ("@plugin", "@permissions").
struct TableName {
    static constexpr std::size_t bytes_max = 64; // of either part
    std::string plugin;
    std::string field;
    auto operator<=>(const TableName&) const = default;
};

struct Removal {
    EntryKey key;
    Version removed_at;
    bool operator==(const Removal&) const = default;
};

// What a plugin replicates under one name: a value (one entry without key), or entries that change one by one.
// Written through SharedState.
class SharedTable {
  public:
    explicit SharedTable(Audience audience = Audience::everyone) : audience_(audience) {}

    Audience audience() const { return audience_; }
    const std::map<EntryKey, Field<Value>>& entries() const { return entries_; }
    // The entry's value; null if there is none.
    const Value* find(const EntryKey& key) const;

    // What was removed of late, oldest first; a key that has come back stands in entries() too.
    const std::vector<Removal>& tombstones() const { return tombstones_; }
    // The version of the last change in it: deltas from there on need not look inside.
    Version changed_at() const { return changed_at_; }
    bool dirty() const { return dirty_entries_ > 0 || !removed_.empty(); }
    // No less than what its entries take in a snapshot.
    std::size_t bytes() const { return bytes_; }

    bool operator==(const SharedTable&) const = default;

  private:
    friend class SharedState;
    using Entries = std::map<EntryKey, Field<Value>>;

    void put(const EntryKey& key, Value value);
    void remove(const EntryKey& key);
    void restore(const EntryKey& key, std::optional<Field<Value>> entry, std::optional<Field<Value>> removed);
    void insert(const EntryKey& key, Field<Value> entry);
    std::optional<Field<Value>> take(const EntryKey& key);
    void commit(Version version);

    Audience audience_;
    Entries entries_;
    std::vector<Removal> tombstones_; // few, and a deque takes 600 bytes for none
    Version changed_at_;
    Entries removed_; // since the last commit, of what had been committed before
    std::size_t dirty_entries_ = 0;
    std::size_t bytes_ = 0;
};

// One entry as it was, with everything that hangs on it: what a failed hook has written is put back with it.
struct SharedUndo {
    TableName table;
    EntryKey key;
    std::optional<Field<Value>> entry;
    std::optional<Field<Value>> removed;
};

// Everything that the plugins of a room replicate. Like the roster: writing the same value is no change, removals leave
// tombstones for a bounded span, versions are given at commit.
//   Errors: none that a plugin can cause: whoever writes has checked the value (canonical_fault) and the quotas. An
//           undeclared table, a key too long, a nil value and one that may not travel are bugs of ours.
class SharedState {
  public:
    // All of a room's together, so that a snapshot stays within a message; and of one plugin, unless its manifest says
    // otherwise.   Units: bytes as bytes_for() counts them.
    static constexpr std::size_t bytes_max = 160 * 1024;
    static constexpr std::size_t plugin_bytes_max = 64 * 1024;
    static constexpr std::size_t entry_bytes_min = 56; // what an entry counts beside its key and value
    static constexpr std::size_t key_bytes_max = 128;
    static constexpr std::size_t tombstones_max = 256; // of all tables together

    const std::map<TableName, SharedTable>& tables() const { return tables_; }
    const SharedTable* find(const TableName& table) const;
    // The value of one entry; null if there is no such table or entry.
    const Value* find(const TableName& table, const EntryKey& key) const;

    // Idempotent. A table that changes its audience, and one that goes, cannot be told in a delta: older bases get a
    // snapshot.
    void declare(const TableName& table, Audience audience);
    void withdraw(const TableName& table);

    void put(const TableName& table, const EntryKey& key, Value value);
    void remove(const TableName& table, const EntryKey& key);

    // Roll-back: before() each write, restore() in reverse order. Value, dirty flag and size come back exactly.
    SharedUndo before(const TableName& table, const EntryKey& key) const;
    void restore(SharedUndo undo);

    std::size_t bytes() const;
    std::size_t bytes_of(std::string_view plugin) const;
    // What an entry counts, for whoever checks a quota before a write.
    static std::size_t bytes_for(const EntryKey& key, const Value& value);

    // Asked on each tick of each room: it looks at no table.
    bool dirty() const { return floor_rises_ || dirty_tables_ > 0; }
    void commit(Version version);
    // Deltas from bases older than this cannot tell what was removed.
    Version tombstone_floor() const { return tombstone_floor_; }

    bool operator==(const SharedState&) const = default;

  private:
    template <class Change>
    void change(const TableName& name, Change change);
    void forget_oldest_removals();

    std::map<TableName, SharedTable> tables_;
    std::size_t dirty_tables_ = 0;
    Version tombstone_floor_;
    bool floor_rises_ = false; // a table was withdrawn or changed its audience since the last commit
};

} // namespace playhead
