#include "core/nearest.hpp"
#include "core/utf8.hpp"
#include "plugin/host_room.hpp"
#include "plugin/script_value.hpp"
#include "room/media.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

// What a hook may ask for. Arguments are checked here, at once, so that the error names the line; what is to happen is
// queued.
namespace playhead {
namespace {

using lua::Complaint;

std::unexpected<Complaint> refuse(const std::string& text) { return std::unexpected(Complaint{text}); }

constexpr std::size_t permission_bytes_max = 64;

Type type_of(Type::Kind kind, bool optional) {
    Type type;
    type.kind = kind;
    type.optional = optional;
    return type;
}

Type text_type(std::size_t text_min, std::size_t text_max, bool optional) {
    Type type = type_of(Type::Kind::text, optional);
    type.text_min = text_min;
    type.text_max = text_max;
    return type;
}

// What room:load takes.
Type load_type() {
    Type kind = type_of(Type::Kind::one_of, true);
    for (const NamedMediaKind& named : media_kinds) kind.values.emplace_back(named.name);
    Type start = type_of(Type::Kind::number, true);
    start.number_min = 0;
    start.number_max = static_cast<double>(time_max.count()) / 1e6;
    Type type = type_of(Type::Kind::record, false);
    type.fields = {{"kind", kind},
                   {"play", type_of(Type::Kind::boolean, true)},
                   {"start_s", start},
                   {"title", text_type(0, Load::title_bytes_max, true)},
                   {"url", text_type(1, Load::url_bytes_max, false)}};
    return type;
}

// {"host", "cohost"} or "anyone" as bits.
std::expected<std::uint32_t, Complaint> role_mask(const Value& value, const std::string& path) {
    const std::string expected =
        path + ": expected \"anyone\" or a list of roles (" + std::string{all_role_names()} + "), got ";
    if (value == Value{"anyone"}) return std::to_underlying(Role::anyone);
    const auto* names = value.get_if<Value::List>();
    if (names == nullptr) return refuse(expected + shown(value));
    std::uint32_t mask = 0;
    for (const Value& name : *names) {
        const auto* text = name.get_if<std::string>();
        const auto bit = text == nullptr ? std::nullopt : role_bit(*text);
        if (!bit) return refuse(expected + shown(name) + " in it");
        mask |= *bit;
    }
    return mask;
}

} // namespace

HostRoom::Done HostRoom::need(Grant grant, std::string_view function) const {
    if (running.plugin->manifest().grants_use_of(grant)) return {};
    return refuse(std::string{function} + " needs grants = { \"" + std::string{name_of(grant)} + "\" } in plugin.lua");
}

HostRoom::Done HostRoom::queue(decltype(QueuedAction::what) what) {
    if (running.depth >= QueuedAction::depth_max)
        return refuse("this was caused by an action that was caused by another, " +
                      std::to_string(QueuedAction::depth_max) + " deep: it may not ask for more");
    if (running.actions >= QueuedAction::per_hook_max)
        return refuse("a hook asks for at most " + std::to_string(QueuedAction::per_hook_max) + " actions");
    if (actions_in_tick >= QueuedAction::per_tick_max)
        return refuse("the room's plugins ask for at most " + std::to_string(QueuedAction::per_tick_max) +
                      " actions in a tick");
    ++running.actions;
    ++actions_in_tick;
    actions.push_back({running.plugin->name(), std::move(what), running.depth + 1, tick});
    return {};
}

HostRoom::Done HostRoom::emit(std::string_view event, Value data, std::optional<std::int64_t> viewer) {
    HostedPlugin& hosted = *running.plugin;
    const auto& specs = hosted.manifest().events;
    const auto spec = specs.find(event);
    if (spec == specs.end()) {
        std::vector<std::string> known;
        for (const auto& [name, declared_event] : specs) known.push_back(name);
        return refuse("P:emit: plugin.lua declares no event " + shown(Value{std::string{event}}) + ": " +
                      no_such_key(known, event));
    }
    auto good = checked(spec->second.of, std::move(data), "P:emit: " + std::string{event});
    if (!good) return refuse(good.error());
    ViewerId only;
    if (viewer) {
        if (*viewer < 1 || *viewer > std::numeric_limits<std::uint32_t>::max())
            return refuse("P:emit: " + std::to_string(*viewer) + " is no viewer's id");
        only.value = static_cast<std::uint32_t>(*viewer);
        if (!room.state().viewers.contains(only)) return {}; // has left meanwhile
    }
    const std::size_t bytes = event.size() + wire_bytes_max(*good);
    if (hosted.event_bytes + bytes > HostedPlugin::event_bytes_max)
        return refuse("P:emit: more than " + std::to_string(HostedPlugin::event_bytes_max / 1024) +
                      " KiB of events in one tick; gather them");
    hosted.event_bytes += bytes;
    events.push_back({.plugin = hosted.name(),
                      .name = std::string{event},
                      .tick = tick,
                      .data = *std::move(good),
                      .to = spec->second.to,
                      .lossy = spec->second.lossy,
                      .only = only});
    return {};
}

HostRoom::Done HostRoom::after(double seconds, std::string_view name, Value data) {
    HostedPlugin& hosted = *running.plugin;
    const auto ticks = ticks_of(seconds);
    if (!ticks) return refuse("P:after: expected seconds from 0 to a year, got " + shown(Value{seconds}));
    if (name.empty() || name.size() > TimerName::bytes_max || !valid_utf8(name))
        return refuse("P:after: a timer's name has 1 to " + std::to_string(TimerName::bytes_max) + " bytes");
    const bool handled = running.registers || std::ranges::any_of(hosted.hooks, [&](const Hook& hook) {
                             return hook.kind == HookKind::timer && hosted.name_of(hook) == name;
                         });
    if (!handled) {
        std::vector<std::string> known;
        for (const Hook& hook : hosted.hooks)
            if (hook.kind == HookKind::timer) known.push_back(hosted.name_of(hook));
        return refuse("P:after: there is no P:on_timer(" + shown(Value{std::string{name}}) +
                      "): " + no_such_key(known, name));
    }
    auto good = checked(type_of(Type::Kind::any, true), std::move(data), "P:after: data");
    if (!good) return refuse(good.error());
    const TimerName timer{hosted.name(), std::string{name}};
    if (state.timers.find(timer) == nullptr && state.timers.count_of(timer.plugin) >= Timers::per_plugin_max)
        return refuse("P:after: a plugin has at most " + std::to_string(Timers::per_plugin_max) + " timers at once");
    journal.before_timer(timer);
    state.timers.set(timer, tick + *ticks, *std::move(good));
    return {};
}

void HostRoom::cancel(std::string_view name) {
    const TimerName timer{running.plugin->name(), std::string{name}};
    if (state.timers.find(timer) == nullptr) return;
    journal.before_timer(timer);
    state.timers.cancel(timer);
}

std::optional<double> HostRoom::due_in_s(std::string_view name) const {
    const Timer* timer = state.timers.find({running.plugin->name(), std::string{name}});
    if (timer == nullptr) return std::nullopt;
    const std::int64_t ticks = timer->due > tick ? std::int64_t{timer->due.number - tick.number} : 0;
    return static_cast<double>((room.tick_length().value * ticks).count()) / 1e6;
}

HostRoom::Done HostRoom::log(std::string_view text) {
    HostedPlugin& hosted = *running.plugin;
    if (hosted.log_lines >= HostedPlugin::log_lines_max)
        return refuse("room:log: at most " + std::to_string(HostedPlugin::log_lines_max) + " lines in one tick");
    ++hosted.log_lines;
    const std::string line = valid_utf8(text) ? std::string{cut_utf8(text, Log::message_bytes_max)} : "(not UTF-8)";
    requests.emplace_back(Log{hosted.name(), line, false});
    return {};
}

HostRoom::Done HostRoom::permit(std::string_view permission, const Value& rule) {
    if (permission.empty() || permission.size() > permission_bytes_max || !is_key(Type::Key::text, permission))
        return refuse("room:permit: a permission's name has 1 to " + std::to_string(permission_bytes_max) + " bytes");
    const Manifest& manifest = running.plugin->manifest();
    if (manifest.permissions.find(permission) == manifest.permissions.end()) {
        if (auto granted = need(Grant::roles, "room:permit of what the plugin does not declare itself"); !granted)
            return granted;
    }
    if (rule.is_nil()) return queue(Permit{std::string{permission}, std::nullopt});
    const bool empty_list = rule.get_if<Value::List>() != nullptr && rule.get_if<Value::List>()->empty();
    const auto* map = rule.get_if<Value::Map>();
    if (map == nullptr || empty_list)
        return refuse(
            "room:permit: expected a rule such as { roles = { \"host\" }, reason = \"only the host\" }, got " +
            shown(rule));
    PermissionRule wanted;
    bool has_roles = false;
    for (const auto& [key, value] : *map) {
        if (key == "roles" || key == "except") {
            const auto mask = role_mask(value, "room:permit: " + key);
            if (!mask) return std::unexpected(mask.error());
            (key == "roles" ? wanted.roles : wanted.except) = *mask;
            has_roles = has_roles || key == "roles";
        } else if (key == "reason") {
            const auto* text = value.get_if<std::string>();
            if (text == nullptr || text->size() > PermissionRule::reason_bytes_max || !valid_utf8(*text))
                return refuse("room:permit: reason: expected text of at most " +
                              std::to_string(PermissionRule::reason_bytes_max) + " bytes, got " + shown(value));
            wanted.reason = *text;
        } else {
            return refuse("room:permit: " + no_such_key({"roles", "except", "reason"}, key) + " (got " + key + ")");
        }
    }
    if (!has_roles) return refuse("room:permit: a rule says roles: \"anyone\" or a list of roles");
    return queue(Permit{std::string{permission}, std::move(wanted)});
}

HostRoom::Done HostRoom::command(std::string_view plugin, std::string_view name, Value args) {
    const HostedPlugin* other = find(plugin);
    if (other == nullptr) {
        std::vector<std::string> known;
        known.reserve(plugins.size());
        for (const auto& hosted : plugins) known.push_back(hosted->name());
        return refuse("room:command: this room has no plugin " + shown(Value{std::string{plugin}}) + ": " +
                      no_such_key(known, plugin) + "; P:read tells whether one is there");
    }
    const auto& specs = other->manifest().commands;
    const auto spec = specs.find(name);
    if (spec == specs.end()) {
        std::vector<std::string> known;
        for (const auto& [command, declared_command] : specs) known.push_back(command);
        return refuse("room:command: " + other->name() + " has no command " + shown(Value{std::string{name}}) + ": " +
                      no_such_key(known, name));
    }
    auto good = checked(spec->second.args, args.is_nil() ? Value{Value::Map{}} : std::move(args), "args");
    if (!good) return refuse("room:command: " + other->name() + "." + std::string{name} + ": " + good.error());
    return queue(Action{PluginCommand{other->name(), std::string{name}, *std::move(good)}});
}

HostRoom::Done HostRoom::load(const Value& what) {
    auto good = checked(load_type(), what, "room:load");
    if (!good) return refuse(good.error());
    Load load;
    load.url = *good->find("url")->get_if<std::string>();
    if (const Value* title = good->find("title")) load.title = *title->get_if<std::string>();
    if (const Value* play = good->find("play")) load.play = *play->get_if<bool>();
    if (const Value* kind = good->find("kind")) {
        for (const NamedMediaKind& named : media_kinds)
            if (named.name == *kind->get_if<std::string>()) load.kind = named.kind;
    }
    if (const Value* start = good->find("start_s")) {
        const auto* whole = start->get_if<std::int64_t>();
        const double seconds = whole == nullptr ? *start->get_if<double>() : static_cast<double>(*whole);
        load.start = MediaTime{std::llround(seconds * 1e6)};
    }
    return queue(Action{std::move(load)});
}

HostRoom::Done HostRoom::change_role(std::int64_t viewer, std::string_view role, bool grant) {
    const auto bit = role_bit(role);
    if (!bit)
        return refuse("there is no role " + shown(Value{std::string{role}}) + ", only " +
                      std::string{all_role_names()});
    if (viewer < 1 || viewer > std::numeric_limits<std::uint32_t>::max())
        return refuse(std::to_string(viewer) + " is no viewer's id");
    const ViewerId id{static_cast<std::uint32_t>(viewer)};
    return queue(ChangeRoles{.viewer = id, .add = grant ? *bit : 0, .remove = grant ? 0 : *bit});
}

HostRoom::Done HostRoom::store(std::string_view key, Value value) {
    HostedPlugin& hosted = *running.plugin;
    if (!is_key(Type::Key::text, key) || key.size() > SharedState::key_bytes_max)
        return refuse("P.store: a key is text of 1 to " + std::to_string(SharedState::key_bytes_max) +
                      " bytes in UTF-8");
    const TableName table{hosted.name(), std::string{store_field}};
    auto good = checked(type_of(Type::Kind::any, true), std::move(value), "P.store." + std::string{key});
    if (!good) return refuse(good.error());
    if (good->is_nil()) {
        declared.remove_raw(true, table, std::string{key});
        return {};
    }
    return declared.put_raw(hosted.place, true, table, std::string{key}, *std::move(good), store_bytes_max);
}

} // namespace playhead
