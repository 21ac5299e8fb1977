#include "plugin/declared_state.hpp"

#include "core/utf8.hpp"
#include "plugin/script_value.hpp"

#include <algorithm>
#include <limits>

namespace playhead {
namespace {

using lua::Complaint;

std::unexpected<Complaint> refuse(const std::string& text) { return std::unexpected(Complaint{text}); }

std::string key_text(const DeclaredField& field, const EntryKey& key) {
    if (const auto* number = std::get_if<std::int64_t>(&key)) return field.path + "[" + std::to_string(*number) + "]";
    if (const auto* text = std::get_if<std::string>(&key)) return key_path(field.path, *text);
    return field.path;
}

std::string kib(std::size_t bytes) { return std::to_string(bytes / 1024) + " KiB"; }

TableName id_name(const DeclaredField& field) {
    return {field.table.plugin, field.saved ? "saved." + field.table.field : field.table.field};
}

// Counted from 1 in scripts; where a new entry goes among `size` that are there.
std::ptrdiff_t place_in(std::int64_t position, std::size_t size) {
    return static_cast<std::ptrdiff_t>(std::clamp<std::int64_t>(position, 1, static_cast<std::int64_t>(size) + 1) - 1);
}

} // namespace

void DeclaredState::add_owner(std::string plugin, std::size_t shared_bytes_max, std::size_t saved_bytes_max) {
    owners_.push_back({std::move(plugin), shared_bytes_max, saved_bytes_max});
}

void DeclaredState::begin_tick() {
    for (Owner& owner : owners_) owner.writes = 0;
}

// ---- Reading

const Value* DeclaredState::find(const DeclaredField& field, const EntryKey& key) const {
    return place_of(field).find(field.table, key);
}

const SharedTable* DeclaredState::table_of(const DeclaredField& field) const {
    return place_of(field).find(field.table);
}

std::size_t DeclaredState::size(const DeclaredField& field) const {
    const SharedTable* table = table_of(field);
    if (table == nullptr) return 0;
    const bool has_order = field.spec.kind == FieldSpec::Kind::list && table->find({}) != nullptr;
    return table->entries().size() - (has_order ? 1 : 0);
}

std::int64_t DeclaredState::count(const DeclaredField& field) const {
    const Value* value = find(field);
    const auto* count = value == nullptr ? nullptr : value->get_if<std::int64_t>();
    return count == nullptr ? 0 : *count;
}

const Value::List* DeclaredState::order(const DeclaredField& field) const {
    const Value* value = find(field);
    return value == nullptr ? nullptr : value->get_if<Value::List>();
}

std::optional<std::size_t> DeclaredState::position(const DeclaredField& field, std::int64_t id) const {
    const Value::List* ids = order(field);
    if (ids == nullptr) return std::nullopt;
    const auto found = std::ranges::find(*ids, Value{id});
    if (found == ids->end()) return std::nullopt;
    return static_cast<std::size_t>(found - ids->begin()) + 1;
}

std::optional<std::int64_t> DeclaredState::id_at(const DeclaredField& field, std::int64_t position) const {
    const Value::List* ids = order(field);
    if (ids == nullptr || position < 1 || position > static_cast<std::int64_t>(ids->size())) return std::nullopt;
    return *(*ids)[static_cast<std::size_t>(position - 1)].get_if<std::int64_t>();
}

DeclaredState::Answer<EntryKey> DeclaredState::key(const DeclaredField& field, const Value& key) const {
    if (field.spec.key == Type::Key::text) {
        const auto* text = key.get_if<std::string>();
        if (text == nullptr) return refuse(field.path + ": expected text as a key, got " + shown(key));
        if (text->size() > SharedState::key_bytes_max)
            return refuse(field.path + ": a key has at most " + std::to_string(SharedState::key_bytes_max) +
                          " bytes, this one has " + std::to_string(text->size()));
        if (!is_key(Type::Key::text, *text))
            return refuse(field.path + ": a key is text in UTF-8, not empty and without NUL");
        return EntryKey{*text};
    }
    const auto number = whole_number(key);
    if (!number || !is_key(field.spec.key, std::to_string(*number)))
        return refuse(field.path + ": expected " + std::string{describe(field.spec.key)} + " as keys, got " +
                      shown(key));
    return EntryKey{*number};
}

// ---- Writing

DeclaredState::Done DeclaredState::count_write(const DeclaredField& field) {
    Owner& owner = owners_[field.owner];
    if (owner.writes >= writes_per_tick_max)
        return refuse(field.path + ": more than " + std::to_string(writes_per_tick_max) +
                      " writes of one plugin in one tick");
    ++owner.writes;
    return {};
}

DeclaredState::Answer<Value> DeclaredState::typed(const DeclaredField& field, Value value) const {
    auto good = checked(field.spec.of, std::move(value), field.path);
    if (!good) return refuse(good.error());
    if (good->is_nil()) return refuse(field.path + ": expected " + describe(field.spec.of) + ", got nil");
    return *std::move(good);
}

std::optional<Complaint> DeclaredState::over_quota(const DeclaredField& field, const EntryKey& key,
                                                   const Value& value) const {
    const SharedState& place = place_of(field);
    const Value* before = place.find(field.table, key);
    const std::size_t old_bytes = before == nullptr ? 0 : SharedState::bytes_for(key, *before);
    const std::size_t new_bytes = SharedState::bytes_for(key, value);
    if (new_bytes <= old_bytes) return std::nullopt;
    const Owner& owner = owners_[field.owner];
    const std::size_t bytes_max = field.saved ? owner.saved_bytes_max : owner.shared_bytes_max;
    std::size_t bytes = place.bytes_of(owner.plugin) - old_bytes + new_bytes;
    if (field.saved) {
        const SharedTable* store = place.find({owner.plugin, std::string{store_field}}); // it has its own quota
        bytes -= store == nullptr ? 0 : store->bytes();
    }
    if (bytes > bytes_max) {
        return Complaint{key_text(field, key) + ": the plugin's " + (field.saved ? "saved" : "shared") +
                         " state would take " + std::to_string(bytes) + " bytes of " + kib(bytes_max)};
    }
    if (!field.saved && place.bytes() - old_bytes + new_bytes > SharedState::bytes_max)
        return Complaint{key_text(field, key) + ": all plugins of the room share at most " +
                         kib(SharedState::bytes_max)};
    return std::nullopt;
}

DeclaredState::Done DeclaredState::write(const DeclaredField& field, const EntryKey& key, Value value) {
    const Value* before = find(field, key);
    if (before != nullptr && *before == value) return {};
    if (auto complaint = over_quota(field, key, value)) return std::unexpected(*complaint);
    journal_.before_entry(field.saved, field.table, key);
    place_of(field).put(field.table, key, std::move(value));
    return {};
}

void DeclaredState::erase(const DeclaredField& field, const EntryKey& key) {
    if (find(field, key) == nullptr) return;
    journal_.before_entry(field.saved, field.table, key);
    place_of(field).remove(field.table, key);
}

void DeclaredState::erase_all(const DeclaredField& field) {
    const SharedTable* table = table_of(field);
    if (table == nullptr) return;
    std::vector<EntryKey> keys;
    keys.reserve(table->entries().size());
    for (const auto& [key, entry] : table->entries()) keys.push_back(key);
    for (const EntryKey& key : keys) erase(field, key);
}

DeclaredState::Done DeclaredState::put(const DeclaredField& field, EntryKey key, Value value) {
    if (auto counted = count_write(field); !counted) return counted;
    const bool removes = value.is_nil();
    if (removes) {
        erase(field, key);
        return {};
    }
    if (field.spec.kind == FieldSpec::Kind::set) {
        if (value != Value{true}) return refuse(key_text(field, key) + ": expected true or nil, got " + shown(value));
    } else {
        auto good = checked(field.spec.of, std::move(value), key_text(field, key));
        if (!good) return refuse(good.error());
        value = *std::move(good);
        if (value.is_nil()) return refuse(key_text(field, key) + ": expected " + describe(field.spec.of));
    }
    if (field.spec.kind != FieldSpec::Kind::value && find(field, key) == nullptr && size(field) >= field.spec.size)
        return refuse(key_text(field, key) + ": " + field.path + " holds at most " + std::to_string(field.spec.size));
    return write(field, key, std::move(value));
}

DeclaredState::Done DeclaredState::replace(const DeclaredField& field, Value::Map entries) {
    if (auto counted = count_write(field); !counted) return counted;
    std::map<EntryKey, Value> good;
    for (auto& [name, value] : entries) {
        Value wanted{name};
        if (field.spec.key != Type::Key::text) {
            if (!is_key(field.spec.key, name))
                return refuse(field.path + ": expected " + std::string{describe(field.spec.key)} + " as keys, got " +
                              shown(wanted));
            wanted = Value{std::int64_t{std::stoll(name)}};
        }
        auto entry = key(field, wanted);
        if (!entry) return std::unexpected(entry.error());
        if (field.spec.kind == FieldSpec::Kind::set) {
            if (value != Value{true}) return refuse(key_text(field, *entry) + ": expected true, got " + shown(value));
            good.emplace(*std::move(entry), Value{true});
        } else {
            auto typed_value = checked(field.spec.of, std::move(value), key_text(field, *entry));
            if (!typed_value) return refuse(typed_value.error());
            if (typed_value->is_nil()) return refuse(key_text(field, *entry) + ": expected " + describe(field.spec.of));
            good.emplace(*std::move(entry), *std::move(typed_value));
        }
    }
    if (good.size() > field.spec.size)
        return refuse(field.path + ": holds at most " + std::to_string(field.spec.size) + ", got " +
                      std::to_string(good.size()));
    const Journal::Mark mark = journal_.mark();
    erase_all(field);
    for (auto& [entry, value] : good) {
        if (auto done = write(field, entry, std::move(value)); !done) {
            journal_.roll_back(mark);
            return done;
        }
    }
    return {};
}

DeclaredState::Done DeclaredState::set_count(const DeclaredField& field, std::int64_t count) {
    if (auto counted = count_write(field); !counted) return counted;
    auto good = checked(field.spec.of, Value{count}, field.path);
    if (!good) return refuse(good.error());
    return write(field, {}, *std::move(good));
}

// ---- Rings and lists

std::int64_t DeclaredState::next_id(const DeclaredField& field) {
    const TableName id = id_name(field);
    journal_.before_last_id(id);
    return ++state_.last_ids[id];
}

DeclaredState::Answer<std::int64_t> DeclaredState::push(const DeclaredField& field, Value value) {
    if (auto counted = count_write(field); !counted) return std::unexpected(counted.error());
    auto good = typed(field, std::move(value));
    if (!good) return std::unexpected(good.error());
    const Journal::Mark mark = journal_.mark();
    while (size(field) >= field.spec.size && size(field) > 0) {
        const EntryKey oldest = table_of(field)->entries().begin()->first;
        erase(field, oldest);
    }
    const std::int64_t index = next_id(field);
    if (auto done = write(field, index, *std::move(good)); !done) {
        journal_.roll_back(mark);
        return std::unexpected(done.error());
    }
    return index;
}

DeclaredState::Done DeclaredState::write_order(const DeclaredField& field, Value::List order) {
    if (order.empty()) {
        erase(field, {});
        return {};
    }
    // The whole order is one value, which has to travel.
    Value value{std::move(order)};
    if (const auto fault = canonical_fault(value)) return refuse(field.path + ": its order " + *fault);
    return write(field, {}, std::move(value));
}

DeclaredState::Answer<std::int64_t> DeclaredState::add(const DeclaredField& field, Value value,
                                                       std::optional<std::int64_t> position) {
    if (auto counted = count_write(field); !counted) return std::unexpected(counted.error());
    auto good = typed(field, std::move(value));
    if (!good) return std::unexpected(good.error());
    if (size(field) >= field.spec.size)
        return refuse(field.path + ": holds at most " + std::to_string(field.spec.size));
    const Journal::Mark mark = journal_.mark();
    const std::int64_t id = next_id(field);
    const Value::List* before = order(field);
    Value::List ids = before == nullptr ? Value::List{} : *before;
    ids.insert(ids.begin() + place_in(position.value_or(std::numeric_limits<std::int64_t>::max()), ids.size()),
               Value{id});
    auto done = write(field, id, *std::move(good));
    if (done) done = write_order(field, std::move(ids));
    if (!done) {
        journal_.roll_back(mark);
        return std::unexpected(done.error());
    }
    return id;
}

DeclaredState::Done DeclaredState::set(const DeclaredField& field, std::int64_t id, Value value) {
    if (auto counted = count_write(field); !counted) return counted;
    if (find(field, id) == nullptr) return refuse(key_text(field, id) + ": there is no such entry, or no longer");
    auto good = checked(field.spec.of, std::move(value), key_text(field, id));
    if (!good) return refuse(good.error());
    if (good->is_nil()) return refuse(key_text(field, id) + ": expected " + describe(field.spec.of) + ", got nil");
    return write(field, id, *std::move(good));
}

DeclaredState::Done DeclaredState::remove(const DeclaredField& field, std::int64_t id) {
    if (auto counted = count_write(field); !counted) return counted;
    if (find(field, id) == nullptr) return {};
    erase(field, id);
    if (field.spec.kind != FieldSpec::Kind::list) return {};
    Value::List ids = *order(field);
    std::erase(ids, Value{id});
    return write_order(field, std::move(ids)); // shorter than before: it fits
}

DeclaredState::Done DeclaredState::move(const DeclaredField& field, std::int64_t id, std::int64_t position) {
    if (auto counted = count_write(field); !counted) return counted;
    if (find(field, id) == nullptr) return refuse(key_text(field, id) + ": there is no such entry, or no longer");
    Value::List ids = *order(field);
    std::erase(ids, Value{id});
    ids.insert(ids.begin() + place_in(position, ids.size()), Value{id});
    return write_order(field, std::move(ids));
}

DeclaredState::Done DeclaredState::clear(const DeclaredField& field) {
    if (auto counted = count_write(field); !counted) return counted;
    erase_all(field);
    return {};
}

// ---- Without a declaration

DeclaredState::Done DeclaredState::put_raw(std::size_t owner, bool saved, const TableName& table, const EntryKey& key,
                                           Value value, std::size_t bytes_max) {
    SharedState& place = saved ? state_.saved : shared_;
    const Value* before = place.find(table, key);
    if (before != nullptr && *before == value) return {};
    const std::size_t old_bytes = before == nullptr ? 0 : SharedState::bytes_for(key, *before);
    const std::size_t new_bytes = SharedState::bytes_for(key, value);
    const SharedTable* found = place.find(table);
    if ((found == nullptr ? 0 : found->bytes()) - old_bytes + new_bytes > bytes_max)
        return refuse(owners_[owner].plugin + "'s " + table.field + " would take more than " + kib(bytes_max));
    journal_.before_entry(saved, table, key);
    place.put(table, key, std::move(value));
    return {};
}

void DeclaredState::remove_raw(bool saved, const TableName& table, const EntryKey& key) {
    SharedState& place = saved ? state_.saved : shared_;
    if (place.find(table, key) == nullptr) return;
    journal_.before_entry(saved, table, key);
    place.remove(table, key);
}

} // namespace playhead
