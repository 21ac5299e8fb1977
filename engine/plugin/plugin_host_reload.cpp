#include "plugin/plugin_host.hpp"

#include <algorithm>
#include <utility>

// Other code for the same room: what the old one declared and wrote is brought over to what the new one declares.
namespace playhead {
namespace {

Type type_of(Type::Kind kind) {
    Type type;
    type.kind = kind;
    return type;
}

// What P:migrate is given of one field, and as what type: values by key, or a list of {id, value} or {index, value}.
struct OldField {
    Value value;
    Type type;
};

OldField old_field(const FieldSpec& spec, const SharedTable& table) {
    using Kind = FieldSpec::Kind;
    const Value* alone = table.find({});
    if (spec.kind == Kind::value || spec.kind == Kind::counter) return {alone == nullptr ? Value{} : *alone, spec.of};
    if (spec.kind == Kind::map || spec.kind == Kind::set) {
        Value::Map map;
        for (const auto& [key, entry] : table.entries()) {
            const auto* number = std::get_if<std::int64_t>(&key);
            map.push_back({number != nullptr ? std::to_string(*number) : std::get<std::string>(key), entry.value()});
        }
        Type type = type_of(Type::Kind::map);
        type.key = spec.key;
        type.of = {spec.of};
        return {Value{std::move(map)}, std::move(type)};
    }
    const std::string id = spec.kind == Kind::list ? "id" : "index";
    Value::List list;
    const auto add = [&](std::int64_t number, const Value& value) {
        list.emplace_back(Value{Value::Map{{id, Value{number}}, {"value", value}}});
    };
    if (spec.kind == Kind::ring) {
        for (const auto& [key, entry] : table.entries()) add(std::get<std::int64_t>(key), entry.value());
    } else if (const auto* order = alone == nullptr ? nullptr : alone->get_if<Value::List>()) {
        for (const Value& number : *order)
            if (const Value* value = table.find(*number.get_if<std::int64_t>()))
                add(*number.get_if<std::int64_t>(), *value);
    }
    Type record = type_of(Type::Kind::record);
    record.fields = {{id, type_of(Type::Kind::integer)}, {"value", spec.of}};
    Type type = type_of(Type::Kind::list);
    type.of = {std::move(record)};
    return {Value{std::move(list)}, std::move(type)};
}

// {shared = {...}, saved = {...}} of a plugin as it was declared.
OldField old_state(const Manifest& manifest, const SharedState& shared, const SharedState& saved) {
    Value::Map both;
    Type both_type = type_of(Type::Kind::record);
    const auto add = [&](const char* name, const auto& specs, const SharedState& state) {
        Value::Map fields;
        Type type = type_of(Type::Kind::record);
        for (const auto& [field, spec] : specs) {
            const SharedTable* table = state.find({manifest.name, field});
            if (table == nullptr) continue;
            OldField old = old_field(spec, *table);
            fields.push_back({field, std::move(old.value)});
            type.fields.push_back({field, std::move(old.type)});
        }
        both.push_back({name, Value{std::move(fields)}});
        both_type.fields.push_back({name, std::move(type)});
    };
    add("saved", manifest.saved, saved);
    add("shared", manifest.shared, shared);
    return {Value{std::move(both)}, std::move(both_type)};
}

bool stored_alike(const FieldSpec& before, const FieldSpec& now) {
    return before.kind == now.kind && (before.key == Type::Key::text) == (now.key == Type::Key::text);
}

// Why an entry does not fit what is declared now; empty if it does.
std::optional<std::string> misfit(const DeclaredField& field, const EntryKey& key, const Value& value) {
    const bool is_order = field.spec.kind == FieldSpec::Kind::list && std::holds_alternative<std::monostate>(key);
    if (is_order || field.spec.kind == FieldSpec::Kind::set) return std::nullopt;
    auto good = checked(field.spec.of, value, field.path);
    return good ? std::nullopt : std::optional{good.error()};
}

} // namespace

std::expected<void, std::string> PluginHost::take_over(const PluginSet& before, Tick tick) {
    begin(tick, host_.lead);
    const auto count = static_cast<std::int64_t>(host_.plugins.size());
    sandbox_->begin_tick(lua::tick_instructions_max + 3 * count * lua::plugin_limits.instructions_max);
    for (const Plugin& gone : before.plugins()) {
        if (host_.find(gone.manifest.name) != nullptr) continue;
        forget(gone);
    }
    for (const auto& hosted : host_.plugins) {
        if (auto good = bring_over(*hosted, before.find(hosted->name())); !good)
            return std::unexpected(hosted->label + ": " + good.error());
    }
    for (const auto& hosted : host_.plugins) {
        const Marks untouched = marks();
        const auto good = run_once(*hosted, HookKind::self_test, {});
        undo(untouched);
        if (!good) return std::unexpected(hosted->label + " self_test: " + good.error());
    }
    host_.journal.keep();
    for (const auto& hosted : host_.plugins) show(*hosted);
    return {};
}

void PluginHost::forget(const Plugin& plugin) {
    const std::string& name = plugin.manifest.name;
    for (SharedState* state : {&host_.room.shared(), &host_.state.saved}) {
        std::vector<TableName> tables;
        for (const auto& [table, content] : state->tables())
            if (table.plugin == name) tables.push_back(table);
        for (const TableName& table : tables) state->withdraw(table);
    }
    std::erase_if(host_.state.last_ids, [&](const auto& id) { return id.first.plugin == name; });
    host_.state.timers.forget(name);
    host_.state.records.erase(name);
}

std::expected<void, std::string> PluginHost::bring_over(HostedPlugin& hosted, const Plugin* before) {
    SharedState& shared = host_.room.shared();
    SharedState& saved = host_.state.saved;
    PluginRecord& record = host_.state.records[hosted.name()];
    record.health = {};
    record.version = hosted.manifest().version;
    record.rates.clear(); // the new manifest may say others
    put_rules_back(hosted);

    const bool other_version = before != nullptr && !(before->manifest.version == hosted.manifest().version);
    OldField old;
    if (other_version) old = old_state(before->manifest, shared, saved);
    if (before != nullptr) withdraw_undeclared(hosted, before->manifest);
    declare(hosted);

    std::optional<std::string> lost; // the first thing that does not fit
    for (const DeclaredField& field : hosted.fields->all()) {
        const std::vector<EntryKey> unfit = unfit_entries(field, lost);
        for (const EntryKey& key : unfit) (field.saved ? saved : shared).remove(field.table, key);
    }
    if (auto problem = try_load(hosted)) return std::unexpected("init.lua: " + *problem);
    hosted.running = true;
    const bool migrates = other_version && hook_of(hosted, HookKind::migrate, "") != nullptr;
    if (lost && !migrates)
        return std::unexpected(*lost + " (kept from before; a new version with P:migrate can change it)");
    if (!migrates) return {};
    const Value version{before->manifest.version.text()};
    const std::array<lua::HookArgument, 2> arguments{lua::HookArgument{.value = &version},
                                                     lua::HookArgument{.value = &old.value, .type = &old.type}};
    if (auto good = run_once(hosted, HookKind::migrate, arguments); !good)
        return std::unexpected("migrate: " + good.error());
    return {};
}

// Fields that are no longer declared, or are kept in another way, begin anew.
void PluginHost::withdraw_undeclared(const HostedPlugin& hosted, const Manifest& before) {
    const auto withdraw = [&](const auto& specs_before, const auto& specs, bool is_saved) {
        for (const auto& [name, spec] : specs_before) {
            const auto now = specs.find(name);
            if (now != specs.end() && stored_alike(spec, now->second)) continue;
            (is_saved ? host_.state.saved : host_.room.shared()).withdraw({before.name, name});
            host_.state.last_ids.erase({before.name, is_saved ? "saved." + name : name});
        }
    };
    withdraw(before.shared, hosted.manifest().shared, false);
    withdraw(before.saved, hosted.manifest().saved, true);
}

// A ring that has become smaller loses its oldest; what else does not fit is told in `lost`. A list goes as a whole,
// since its order names its entries.
std::vector<EntryKey> PluginHost::unfit_entries(const DeclaredField& field, std::optional<std::string>& lost) const {
    const SharedTable* table = host_.declared.table_of(field);
    std::vector<EntryKey> unfit;
    if (table == nullptr) return unfit;
    const std::size_t size = host_.declared.size(field);
    const bool one_each = field.spec.kind != FieldSpec::Kind::value && field.spec.kind != FieldSpec::Kind::counter;
    std::size_t too_many = one_each && size > field.spec.size ? size - field.spec.size : 0;
    const bool is_ring = field.spec.kind == FieldSpec::Kind::ring;
    if (too_many > 0 && !is_ring && !lost)
        lost = field.path + ": holds " + std::to_string(size) + ", and now at most " + std::to_string(field.spec.size);
    for (const auto& [key, entry] : table->entries()) {
        auto why = misfit(field, key, entry.value());
        if (why && !lost) lost = std::move(*why);
        if (!why && too_many == 0) continue;
        too_many -= too_many > 0 ? 1 : 0;
        unfit.push_back(key);
    }
    if (field.spec.kind == FieldSpec::Kind::list && !unfit.empty()) {
        unfit.clear();
        for (const auto& [key, entry] : table->entries()) unfit.push_back(key);
    }
    return unfit;
}

// A hook whose failure is the caller's affair.
std::expected<void, std::string> PluginHost::run_once(HostedPlugin& hosted, HookKind kind,
                                                      std::span<const lua::HookArgument> arguments) {
    const Hook* hook = hook_of(hosted, kind, "");
    if (hook == nullptr) return {};
    ++hosted.calls[hook->calls].calls;
    host_.running = {.plugin = &hosted, .registers = false, .depth = 0, .actions = 0, .nested = 0};
    const lua::HookCall call{.hosted = &hosted, .slot = hook->slot, .with_room = false, .arguments = arguments};
    const lua::Called called = lua::run(*sandbox_, call, nullptr);
    host_.running = {};
    count(hook->figure, called);
    if (!called.ok()) return std::unexpected(called.failure->message);
    return {};
}

void PluginHost::inherit(PluginHost& before) {
    waiting_ = std::move(before.waiting_);
    host_.actions = std::move(before.host_.actions);
    host_.lead = before.host_.lead;
    const auto prepend = [](auto& to, auto& from) {
        to.insert(to.begin(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
    };
    prepend(host_.events, before.host_.events);
    prepend(host_.requests, before.host_.requests);
    prepend(room_events_, before.room_events_);
}

} // namespace playhead
