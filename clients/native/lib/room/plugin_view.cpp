#include "lib/room/plugin_view.hpp"

#include "room/permission.hpp"

#include <utility>

namespace playhead::client {
namespace {

// Where the engine says what it runs, and what it shares.
constexpr std::string_view plugin_field = "@plugin";

using Table = std::map<EntryKey, Value>;

std::string text_in(const Value& map, std::string_view key) {
    const Value* value = map.find(key);
    const auto* text = value ? value->get_if<std::string>() : nullptr;
    return text ? *text : std::string{};
}

bool true_in(const Value& map, std::string_view key) {
    const Value* value = map.find(key);
    const bool* flag = value ? value->get_if<bool>() : nullptr;
    return flag && *flag;
}

const Value* whole(const Table& table) {
    const auto entry = table.find(EntryKey{});
    return entry == table.end() ? nullptr : &entry->second;
}

// In the order of the table's keys: integers before texts.
std::vector<SharedItem> keyed(const Table& table) {
    std::vector<SharedItem> items;
    for (const auto& [key, value] : table) {
        if (const auto* integer = std::get_if<std::int64_t>(&key)) items.push_back({*integer, value});
        if (const auto* text = std::get_if<std::string>(&key)) items.push_back({*text, value});
    }
    return items;
}

// The entry without a key holds the order.
std::vector<SharedItem> ordered(const Table& table) {
    std::vector<SharedItem> items;
    const Value* order = whole(table);
    const auto* ids = order ? order->get_if<Value::List>() : nullptr;
    if (!ids) return items;
    for (const Value& id : *ids) {
        const auto* number = id.get_if<std::int64_t>();
        const auto entry = number ? table.find(EntryKey{*number}) : table.end();
        // cppcheck-suppress derefInvalidIterator ; not where there is no number
        if (entry != table.end()) items.push_back({*number, entry->second});
    }
    return items;
}

SharedField field_of(std::string kind, const Table& table) {
    SharedField field{std::move(kind), {}, {}};
    if (field.kind == "list") {
        field.items = ordered(table);
    } else if (field.kind == "map" || field.kind == "set" || field.kind == "ring") {
        field.items = keyed(table);
    } else if (const Value* value = whole(table)) {
        field.value = *value;
    } else if (field.kind == "counter") {
        field.value = Value{std::int64_t{0}};
    }
    return field;
}

PluginView view_of(const std::string& plugin, const Value& about, const Replica::SharedTables& shared) {
    static const Table no_entries;
    PluginView view{text_in(about, "version"), text_in(about, "hash"), true_in(about, "suspended"), {}};
    const Value* kinds = about.find("fields");
    const auto* fields = kinds ? kinds->get_if<Value::Map>() : nullptr;
    if (!fields) return view;
    for (const Value::Entry& field : *fields) {
        const auto table = shared.find(TableName{plugin, field.key});
        const auto* kind = field.value.get_if<std::string>();
        view.state[field.key] = field_of(kind ? *kind : "", table == shared.end() ? no_entries : table->second);
    }
    return view;
}

// A permission's own name, or what it begins with: "playback" of "playback.pause".
bool covers(std::string_view rule, std::string_view permission) {
    return permission.starts_with(rule) && (permission.size() == rule.size() || permission[rule.size()] == '.');
}

} // namespace

std::map<std::string, PluginView, std::less<>> plugin_views(const Replica::SharedTables& shared) {
    std::map<std::string, PluginView, std::less<>> views;
    for (const auto& [name, table] : shared) {
        const Value* about = name.field == plugin_field ? whole(table) : nullptr;
        if (about) views[name.plugin] = view_of(name.plugin, *about, shared);
    }
    return views;
}

Permission permission_of(const Replica::SharedTables& shared, std::string_view permission, std::uint32_t roles) {
    for (const auto& [name, table] : shared) {
        if (name.field != permissions_field) continue;
        for (const auto& [key, value] : table) {
            const auto* named = std::get_if<std::string>(&key);
            if (!named || !covers(*named, permission)) continue;
            const auto rule = permission_rule(value);
            if (rule && !rule->allows(roles)) return {false, name.plugin, rule->reason};
        }
    }
    return {};
}

} // namespace playhead::client
