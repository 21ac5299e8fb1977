#pragma once

#include "plugin/declared_fields.hpp"
#include "plugin/lua_value.hpp"
#include "plugin/plugin_state.hpp"
#include "room/shared.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace playhead {

// The fields of a room's plugins as code writes them: checked against their types and quotas before anything changes,
// journaled, so that a hook that fails leaves no trace. How each kind is stored is what clients rely on:
//   value    one entry without key; none = nil            counter  one entry without key, an integer; none = 0
//   map      an entry per key                              set      an entry per member, true
//   ring     an entry per index, which grows by one for ever; pushing to a full ring removes the oldest
//   list     an entry per id, which grows by one for ever, and one without key: the order, a list of ids
//   Errors:  a Complaint that names the field, what was expected and what was given; nothing has changed then.
class DeclaredState {
  public:
    template <class T>
    using Answer = std::expected<T, lua::Complaint>;
    using Done = Answer<void>;

    static constexpr std::uint32_t writes_per_tick_max = 256; // of one plugin; clearing or replacing a field is one

    DeclaredState(SharedState& shared, PluginState& state, Journal& journal)
        : shared_(shared),
          state_(state),
          journal_(journal) {}

    // What one plugin may take, in the order of the plugins.
    void add_owner(std::string plugin, std::size_t shared_bytes_max, std::size_t saved_bytes_max);
    void begin_tick();
    std::uint32_t writes_of(std::size_t owner) const { return owners_[owner].writes; }

    // Reading never fails: null or 0 for what is not there.
    const Value* find(const DeclaredField& field, const EntryKey& key = {}) const;
    const SharedTable* table_of(const DeclaredField& field) const;
    // Entries that are values, so not the order of a list.
    std::size_t size(const DeclaredField& field) const;
    std::int64_t count(const DeclaredField& field) const;                                   // counter
    const Value::List* order(const DeclaredField& field) const;                             // list; null if empty
    std::optional<std::size_t> position(const DeclaredField& field, std::int64_t id) const; // list; from 1
    std::optional<std::int64_t> id_at(const DeclaredField& field, std::int64_t position) const;

    // The key as the field has it.   Errors: another type, or longer than keys may be.
    Answer<EntryKey> key(const DeclaredField& field, const Value& key) const;

    // value, map, set; a nil value removes.
    Done put(const DeclaredField& field, EntryKey key, Value value);
    // map, set: all of it at once.
    Done replace(const DeclaredField& field, Value::Map entries);
    Done set_count(const DeclaredField& field, std::int64_t count);
    Answer<std::int64_t> push(const DeclaredField& field, Value value);
    Answer<std::int64_t> add(const DeclaredField& field, Value value, std::optional<std::int64_t> position);
    // list, ring: of an entry that is there.
    Done set(const DeclaredField& field, std::int64_t id, Value value);
    // list, ring: removing what is not there is no error, since another may have been faster.
    Done remove(const DeclaredField& field, std::int64_t id);
    Done move(const DeclaredField& field, std::int64_t id, std::int64_t position);
    Done clear(const DeclaredField& field);

    // Tables without a declaration: the store (saved) and the engine's own (shared). Not counted as writes.
    Done put_raw(std::size_t owner, bool saved, const TableName& table, const EntryKey& key, Value value,
                 std::size_t bytes_max);
    void remove_raw(bool saved, const TableName& table, const EntryKey& key);

  private:
    struct Owner {
        std::string plugin;
        std::size_t shared_bytes_max = 0;
        std::size_t saved_bytes_max = 0;
        std::uint32_t writes = 0; // in this tick
    };

    SharedState& place_of(const DeclaredField& field) const { return field.saved ? state_.saved : shared_; }
    Done count_write(const DeclaredField& field);
    Answer<Value> typed(const DeclaredField& field, Value value) const;
    Done write(const DeclaredField& field, const EntryKey& key, Value value);
    void erase(const DeclaredField& field, const EntryKey& key);
    void erase_all(const DeclaredField& field);
    std::optional<lua::Complaint> over_quota(const DeclaredField& field, const EntryKey& key, const Value& value) const;
    std::int64_t next_id(const DeclaredField& field);
    Done write_order(const DeclaredField& field, Value::List order);

    SharedState& shared_;
    PluginState& state_;
    Journal& journal_;
    std::vector<Owner> owners_;
};

} // namespace playhead
