#include "plugin/plugin_host.hpp"
#include "plugin/script_value.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

// Starting, suspending, starting again.
namespace playhead {

void PluginHost::add_plugin(const Plugin& plugin) {
    const Manifest& manifest = plugin.manifest;
    auto hosted = std::make_unique<HostedPlugin>();
    hosted->plugin = &plugin;
    hosted->place = host_.plugins.size();
    hosted->label = manifest.name + "@" + manifest.version.text();
    hosted->fields = &plugins_->fields(hosted->place);
    host_.declared.add_owner(manifest.name, manifest.shared_bytes_max, manifest.saved_bytes_max);
    if (context_.figures != nullptr) {
        hosted->figure = &context_.figures->plugin(hosted->label);
        ++hosted->figure->rooms;
    }
    host_.plugins.push_back(std::move(hosted));
}

void PluginHost::declare(HostedPlugin& hosted) {
    SharedState& shared = host_.room.shared();
    for (const DeclaredField& field : hosted.fields->all())
        (field.saved ? host_.state.saved : shared)
            .declare(field.table, field.saved ? Audience::everyone : field.spec.to);
    host_.state.saved.declare({hosted.name(), std::string{store_field}}, Audience::everyone);
    shared.declare({hosted.name(), std::string{plugin_field}}, Audience::everyone);
    shared.declare({hosted.name(), std::string{permissions_field}}, Audience::everyone);
}

void PluginHost::start(Tick tick, const Lead& lead) {
    begin(tick, lead);
    // Loading is not held against the tick: it happens once.
    const auto count = static_cast<std::int64_t>(host_.plugins.size());
    sandbox_->begin_tick(lua::tick_instructions_max + count * lua::plugin_limits.instructions_max);
    for (const auto& hosted : host_.plugins) declare(*hosted);
    for (const auto& hosted : host_.plugins) load(*hosted);
    welcome();
}

void PluginHost::welcome() {
    tell("started", {});
    settle();
    let_go_of_the_stale();
    if (usable_ && sandbox_) lua::collect_all(*sandbox_);
    sleeps_at_ = host_.tick + sleeps_after_;
    gauge_memory();
}

std::optional<std::string> PluginHost::try_load(HostedPlugin& hosted) {
    if (!usable_) return "there is no memory for an interpreter";
    lua::Called called = start_once(hosted);
    for (unsigned again = 0; held_up(called) && again < excused_max; ++again) called = start_once(hosted);
    return called.ok() ? std::nullopt : std::optional{called.failure->message};
}

lua::Called PluginHost::start_once(HostedPlugin& hosted) {
    hosted.hooks.clear();
    hosted.limiters.clear();
    for (auto& list : refs_) list.clear();
    next_periodic_.reset();
    ran_ = true;
    const Marks before = marks();
    const std::size_t memory_before = sandbox_->memory_bytes();
    host_.running = {.plugin = &hosted, .registers = true, .depth = 0, .actions = 0, .nested = 0};
    lua::Called called = lua::start(*sandbox_, hosted);
    const bool pure = host_.running.pure;
    host_.running = {};
    hosted.fresh = called.ok() && pure ? fresh_digest(hosted) : std::nullopt;
    hosted.hooks.shrink_to_fit();
    hosted.calls.shrink_to_fit();
    for (auto& list : refs_) list.clear();
    count_load(hosted, called, memory_before);
    if (!called.ok()) undo(before);
    return called;
}

void PluginHost::count_load(HostedPlugin& hosted, const lua::Called& called, std::size_t memory_before) {
    if (hosted.figure == nullptr) return;
    count(&hosted.figure->hook("load"), called);
    hosted.figure->memory_bytes -= hosted.memory_bytes;
    hosted.memory_bytes = sandbox_->memory_bytes() - std::min(memory_before, sandbox_->memory_bytes());
    hosted.figure->memory_bytes += hosted.memory_bytes;
}

// If it fails the plugin is suspended at once.
bool PluginHost::load(HostedPlugin& hosted) {
    host_.state.records[hosted.name()].version = hosted.manifest().version;
    const auto problem = try_load(hosted);
    hosted.running = true; // so that failing suspends it
    if (problem) {
        failed(hosted, "init.lua", *problem, true);
        return false;
    }
    keep();
    show(hosted);
    for (const auto& [name, spec] : hosted.manifest().commands) {
        if (hook_of(hosted, HookKind::command, name) == nullptr)
            tell_failure(hosted, concat({hosted.label, ": plugin.lua declares the command ", name,
                                         ", but init.lua has no P:command(\"", name, "\", ...)"}));
    }
    return true;
}

// What everybody is shown of a plugin.
void PluginHost::show(const HostedPlugin& hosted) {
    const Manifest& manifest = hosted.manifest();
    Value::Map fields;
    for (const auto& [name, spec] : manifest.shared) fields.push_back({name, Value{std::string{name_of(spec.kind)}}});
    Value::Map permissions;
    for (const auto& [name, description] : manifest.permissions) permissions.push_back({name, Value{description}});
    Value::Map about{{"fields", Value{std::move(fields)}},
                     {"hash", Value{hosted.plugin->hash}},
                     {"permissions", Value{std::move(permissions)}},
                     {"suspended", Value{!hosted.running}},
                     {"version", Value{manifest.version.text()}}};
    Value value{about};
    if (canonical_fault(value)) { // very long descriptions
        std::erase_if(about, [](const Value::Entry& entry) { return entry.key == "permissions"; });
        value = Value{std::move(about)};
    }
    host_.room.shared().put({hosted.name(), std::string{plugin_field}}, {}, std::move(value));
}

// ---- Suspension

void PluginHost::suspend(std::string_view plugin, Tick tick) {
    HostedPlugin* hosted = host_.find(plugin);
    if (hosted == nullptr || !hosted->running) return;
    begin(tick, host_.lead);
    suspend(*hosted, "it was asked for");
    settle();
    let_go_of_the_stale();
}

// It is not asked from here on. Its code goes when no hook runs and nobody holds a list of hooks.
void PluginHost::suspend(HostedPlugin& hosted, const std::string& why) {
    const TickLength tick_length = host_.room.tick_length();
    hosted.running = false;
    hosted.stale = stale_ = true;
    Health& health = host_.state.records[hosted.name()].health;
    const Tick until = health.suspend(host_.tick, tick_length);
    const Microseconds length = tick_length.value * std::int64_t{until.number - host_.tick.number};
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(length).count();
    tell_failure(hosted, hosted.label + " is suspended in this room for " + std::to_string(seconds) + " s: " + why);
    if (hosted.figure != nullptr) {
        ++hosted.figure->suspensions_total;
        ++hosted.figure->suspended_rooms;
        hosted.counts_as_suspended = true;
    }
    show(hosted);
    if (hosted.manifest().on_fail == OnFail::open) lift_rules(hosted);
    tell("suspended", {{"plugin", Value{hosted.name()}}}, {}, hosted.name());
    tell_moderators(hosted, "suspended", {{"seconds", Value{std::int64_t{seconds}}}, {"why", Value{why}}});
}

void PluginHost::tell_moderators(const HostedPlugin& hosted, std::string_view event, Value::Map more) {
    more.push_back({"plugin", Value{hosted.name()}});
    auto data = sorted_map(std::move(more));
    if (canonical_fault(data)) data = Value{Value::Map{{"plugin", Value{hosted.name()}}}};
    host_.events.push_back({.plugin = "@engine",
                            .name = std::string{event},
                            .tick = host_.tick,
                            .data = std::move(data),
                            .to = Audience::moderators,
                            .lossy = false,
                            .only = {}});
}

// Its rules are set aside, so that they come back as they were.
void PluginHost::lift_rules(const HostedPlugin& hosted) {
    const TableName table{hosted.name(), std::string{permissions_field}};
    SharedState& shared = host_.room.shared();
    const SharedTable* rules = shared.find(table);
    if (rules == nullptr) return;
    auto& lifted = host_.state.records[hosted.name()].lifted_rules;
    for (const auto& [key, rule] : rules->entries()) lifted.insert_or_assign(std::get<std::string>(key), rule.value());
    for (const auto& [name, rule] : lifted) shared.remove(table, name);
}

void PluginHost::put_rules_back(const HostedPlugin& hosted) {
    auto& lifted = host_.state.records[hosted.name()].lifted_rules;
    for (auto& [name, rule] : lifted)
        host_.room.shared().put({hosted.name(), std::string{permissions_field}}, name, std::move(rule));
    lifted.clear();
}

void PluginHost::resume_due() {
    for (const auto& hosted : host_.plugins) {
        if (hosted->running) continue;
        Health& health = host_.state.records[hosted->name()].health;
        if (!health.suspended_until() || *health.suspended_until() > host_.tick || !may_enter()) continue;
        if (asleep() && !wake()) continue;
        health.resumed(host_.tick);
        if (std::exchange(hosted->counts_as_suspended, false)) --hosted->figure->suspended_rooms;
        hosted->told.clear();
        put_rules_back(*hosted);
        if (!load(*hosted)) continue;
        tell("started", {}, hosted->name());
        tell("resumed", {{"plugin", Value{hosted->name()}}}, {}, hosted->name());
        tell_moderators(*hosted, "resumed", {});
    }
}

void PluginHost::let_go_of_the_stale() {
    if (!std::exchange(stale_, false)) return;
    bool collects = false;
    for (const auto& hosted : host_.plugins) {
        if (!std::exchange(hosted->stale, false) || hosted->running) continue;
        if (usable_ && sandbox_) lua::stop(*sandbox_, *hosted);
        collects = usable_ && sandbox_;
        hosted->hooks.clear();
        hosted->limiters.clear();
    }
    if (collects) lua::collect_all(*sandbox_); // it may have filled the state, and the others need room
    for (auto& list : refs_) list.clear();
    next_periodic_.reset();
}

void PluginHost::gauge_memory() {
    if (context_.figures == nullptr) return;
    const std::uint64_t bytes = sandbox_ ? sandbox_->memory_bytes() : 0;
    context_.figures->lua_bytes += bytes - lua_bytes_; // unsigned arithmetic wraps back when it shrinks
    lua_bytes_ = bytes;
    for (const auto& hosted : host_.plugins) {
        const std::uint64_t state_bytes =
            host_.room.state().shared.bytes_of(hosted->name()) + host_.state.saved.bytes_of(hosted->name());
        hosted->figure->state_bytes += state_bytes - hosted->state_bytes;
        hosted->state_bytes = state_bytes;
    }
}

} // namespace playhead
