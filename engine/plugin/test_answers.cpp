#include "plugin/test_answers.hpp"

#include "plugin/role_names.hpp"
#include "plugin/test_follower.hpp"
#include "replication/messages.hpp"
#include "room/names.hpp"

#include <cmath>
#include <utility>

namespace playhead {
namespace {

Value value_of(const EntryKey& key) {
    if (const auto* number = std::get_if<std::int64_t>(&key)) return Value{*number};
    if (const auto* text = std::get_if<std::string>(&key)) return Value{*text};
    return {};
}

// One field: its kind and its entries in the order of their keys. test_api.lua makes of it what a page would see.
Value field_of(const std::string& kind, const std::map<EntryKey, Value>* entries) {
    Value::List list;
    if (entries != nullptr)
        for (const auto& [key, value] : *entries)
            list.push_back(table_value({{"key", value_of(key)}, {"value", value}}));
    return table_value({{"kind", Value{kind}}, {"entries", Value{std::move(list)}}});
}

Value event_of(const PluginEvent& event) {
    const bool to_one = event.only != ViewerId{};
    return table_value({{"plugin", Value{event.plugin}},
                        {"name", Value{event.name}},
                        {"tick", Value{std::int64_t{event.tick.number}}},
                        {"data", event.data},
                        {"to", to_one ? Value{} : Value{std::string{name_of(event.to)}}},
                        {"viewer", to_one ? Value{std::int64_t{event.only.value}} : Value{}}});
}

} // namespace

Microseconds microseconds_of(double seconds) { return Microseconds{std::llround(seconds * 1e6)}; }
Value seconds_value(Microseconds time) { return canonical(Value{static_cast<double>(time.count()) / 1e6}); }
Value text_or_nil(const std::string& text) { return text.empty() ? Value{} : Value{text}; }

Value table_value(Value::Map entries) {
    std::erase_if(entries, [](const Value::Entry& entry) { return entry.value.is_nil(); });
    return sorted_map(std::move(entries));
}

Value reply_value(const Outcome& outcome) {
    const bool good = outcome.error.code == ErrorCode::none;
    return table_value(
        {{"verdict", Value{std::string{name_of(outcome.verdict)}}},
         {"code", good ? Value{} : Value{std::string{name_of(outcome.error.code)}}},
         {"message", text_or_nil(outcome.error.message)},
         {"plugin", text_or_nil(outcome.plugin)},
         {"reason", text_or_nil(outcome.reason)},
         {"retry_ms", outcome.error.retry_ms == 0 ? Value{} : Value{std::int64_t{outcome.error.retry_ms}}},
         {"data", outcome.data}});
}

Value viewer_value(const ViewerRow& row, std::uint8_t condition) {
    const auto has = [&](ReportFlag flag) { return Value{(condition & std::to_underlying(flag)) != 0}; };
    Value::Map roles;
    for (const std::string& name : role_names(row.roles)) roles.push_back({name, Value{true}});
    return table_value({{"id", Value{std::int64_t{row.id.value}}},
                        {"name", Value{row.name}},
                        {"roles", sorted_map(std::move(roles))},
                        {"connected", Value{row.connected}},
                        {"stalled", has(ReportFlag::stalled)},
                        {"away", has(ReportFlag::away)},
                        {"blocked", has(ReportFlag::blocked)}});
}

// Those of one plugin, or all, and takes them out.
Value taken_events(std::vector<PluginEvent>& events, const std::string& plugin) {
    Value::List list;
    std::erase_if(events, [&](const PluginEvent& event) {
        if (!plugin.empty() && event.plugin != plugin) return false;
        list.push_back(event_of(event));
        return true;
    });
    return Value{std::move(list)};
}

Value shared_value(const Replica::SharedTables& tables) {
    Value::Map plugins;
    for (const auto& [name, entries] : tables) {
        if (name.field != "@plugin") continue;
        const Value* kinds = entries.at(EntryKey{}).find("fields");
        Value::Map fields;
        if (const auto* declared = kinds == nullptr ? nullptr : kinds->get_if<Value::Map>()) {
            for (const auto& [field, kind] : *declared) {
                const auto content = tables.find(TableName{name.plugin, field});
                fields.push_back({field, field_of(*kind.get_if<std::string>(),
                                                  content == tables.end() ? nullptr : &content->second)});
            }
        }
        plugins.push_back({name.plugin, sorted_map(std::move(fields))});
    }
    return sorted_map(std::move(plugins));
}

} // namespace playhead
