#include "plugin/host_room.hpp"

#include "core/nearest.hpp"
#include "core/utf8.hpp"
#include "plugin/script_value.hpp"
#include "room/media.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

// What is so, and what init.lua registers. What hooks ask for is in host_room_asking.cpp.
namespace playhead {
namespace {

using lua::Complaint;

std::unexpected<Complaint> refuse(const std::string& text) { return std::unexpected(Complaint{text}); }

constexpr std::array<std::string_view, 5> playback_topics{"playback.play", "playback.pause", "playback.seek",
                                                          "playback.rate", "playback.load"};
constexpr std::string_view name_topic = "viewer.name";
constexpr std::array<std::string_view, 17> event_names{
    "started", "join",   "leave",        "lost",   "returned",    "condition", "roles",   "renamed", "played",
    "paused",  "sought", "rate_changed", "loaded", "media_ended", "suspended", "resumed", "refused"};

template <class Specs>
std::vector<std::string> names_of(const Specs& specs) {
    std::vector<std::string> names;
    names.reserve(specs.size());
    for (const auto& [name, spec] : specs) names.push_back(name);
    return names;
}

template <class Specs>
HostRoom::Done declared_in(const Specs& specs, std::string_view name, const std::string& what) {
    if (specs.find(name) != specs.end()) return {};
    return refuse("plugin.lua declares no " + what + " " + shown(Value{std::string{name}}) + ": " +
                  no_such_key(names_of(specs), name));
}

// May a decide hook name it? Yes if it is asked about, or is a dotted start of what is.
bool covers_any(std::string_view topic, const std::vector<std::string>& topics) {
    return std::ranges::any_of(topics, [&](const std::string& known) {
        return known == topic || (known.starts_with(topic) && known[topic.size()] == '.');
    });
}

} // namespace

std::string_view name_of(HookKind kind) {
    switch (kind) {
    case HookKind::decide: return "decide";
    case HookKind::transform: return "transform";
    case HookKind::on: return "on";
    case HookKind::command: return "command";
    case HookKind::signal: return "signal";
    case HookKind::every: return "every";
    case HookKind::timer: return "on_timer";
    case HookKind::migrate: return "migrate";
    case HookKind::self_test: return "self_test";
    }
    return "";
}

void HostRoom::begin_tick(Tick now, const Lead& lead_now) {
    lead = lead_now;
    if (now == tick && state.opened) return;
    tick = now;
    if (!state.opened) state.opened = now;
    actions_in_tick = 0;
    declared.begin_tick();
    for (const auto& hosted : plugins) {
        hosted->event_bytes = 0;
        hosted->log_lines = 0;
    }
}

HostedPlugin* HostRoom::find(std::string_view name) const {
    const auto found = std::ranges::find_if(plugins, [&](const auto& hosted) { return hosted->name() == name; });
    return found == plugins.end() ? nullptr : found->get();
}

// ---- What is so

double HostRoom::time_s() const {
    const Tick opened = state.opened.value_or(tick);
    return in_seconds(room.tick_length().value * std::int64_t{tick.number - opened.number});
}

double HostRoom::position_s() const {
    return in_seconds(room.state().motion.value().at(tick).position_at(tick, room.tick_length()));
}

std::optional<double> HostRoom::wall_s() const {
    if (!state.wall) return std::nullopt;
    const Microseconds since = room.tick_length().value * std::int64_t{tick.number - state.wall->at.number};
    return in_seconds(Microseconds{state.wall->unix_us} + since);
}

Value HostRoom::viewer(const ViewerRow& row) const {
    const auto member = room.state().viewers.find(row.id);
    const bool here = member != room.state().viewers.end();
    const unsigned condition = here ? member->second.condition : 0U;
    const auto flag = [condition](unsigned bit) { return Value{(condition & bit) != 0}; };
    const Tick joined_tick = here ? member->second.joined_at : state.opened.value_or(Tick{});
    return Value{Value::Map{{"away", flag(2)},
                            {"blocked", flag(4)},
                            {"connected", Value{row.connected}},
                            {"id", Value{std::int64_t{row.id.value}}},
                            {"joined_tick", Value{std::int64_t{joined_tick.number}}},
                            {"name", Value{row.name}},
                            {"roles", roles_value(row.roles)},
                            {"stalled", flag(1)}}};
}

Value HostRoom::media() const {
    const Media& media = room.state().media.value();
    if (media.instance == MediaInstance{}) return {};
    Value::Map map{{"instance", Value{std::int64_t{media.instance.value}}},
                   {"kind", Value{std::string{media_kind_name(media.kind)}}},
                   {"title", Value{media.title}},
                   {"url", Value{media.url}}};
    if (media.duration > MediaTime{0}) map.push_back({"duration_s", Value{in_seconds(media.duration)}});
    return sorted_map(std::move(map));
}

std::optional<std::uint32_t> HostRoom::ticks_of(double seconds) const {
    constexpr double seconds_max = 366.0 * 24 * 3600;
    if (!(seconds >= 0) || seconds > seconds_max) return std::nullopt;
    // Rounded to microseconds first: 0.1 s are two ticks of 50 ms, not three.
    const std::int64_t time_us = std::llround(seconds * 1e6);
    const std::int64_t tick_us = room.tick_length().value.count();
    return static_cast<std::uint32_t>((time_us + tick_us - 1) / tick_us);
}

// ---- Registering

HostRoom::Done HostRoom::check_hook(HookKind kind, std::string_view name) const {
    const Manifest& manifest = running.plugin->manifest();
    // Topics and commands of plugins that are not in this room are fine: they are just never asked about.
    const std::string_view owner = name.substr(0, name.find('.'));
    const HostedPlugin* other = find(owner);
    switch (kind) {
    case HookKind::command: return declared_in(manifest.commands, name, "command");
    case HookKind::signal: return declared_in(manifest.signals, name, "signal");
    case HookKind::on: {
        const std::vector<std::string> known{event_names.begin(), event_names.end()};
        if (std::ranges::find(known, name) != known.end()) return {};
        return refuse("no event is called " + shown(Value{std::string{name}}) + ": " + no_such_key(known, name));
    }
    case HookKind::decide: {
        std::vector<std::string> known{playback_topics.begin(), playback_topics.end()};
        known.emplace_back(name_topic);
        if (other != nullptr) {
            for (const auto& [command, spec] : other->manifest().commands)
                known.push_back(other->name() + "." + command);
        } else if (owner != "playback" && owner != "viewer" && is_plugin_name(owner)) {
            return {};
        }
        if (covers_any(name, known)) return {};
        return refuse("nothing is decided about " + shown(Value{std::string{name}}) + ": " + no_such_key(known, name));
    }
    case HookKind::transform: {
        std::vector<std::string> known{std::string{name_topic}};
        if (other != nullptr) {
            for (const auto& [topic, type] : other->manifest().topics) known.push_back(topic);
        } else if (owner != "viewer" && is_plugin_name(owner)) {
            return {};
        }
        if (std::ranges::find(known, name) != known.end()) return {};
        return refuse("no topic is called " + shown(Value{std::string{name}}) + ": " + no_such_key(known, name));
    }
    case HookKind::timer:
        if (!name.empty() && name.size() <= TimerName::bytes_max && valid_utf8(name)) return {};
        return refuse("a timer's name has 1 to " + std::to_string(TimerName::bytes_max) + " bytes");
    case HookKind::every:
    case HookKind::migrate:
    case HookKind::self_test: break;
    }
    return {};
}

HostRoom::Done HostRoom::add_hook(HookKind kind, std::string name, int slot, std::uint32_t period) {
    HostedPlugin& hosted = *running.plugin;
    const std::string title{name_of(kind)};
    if (!running.registers) return refuse("P:" + title + " is for when init.lua runs, not for hooks");
    if (running.again) return add_hook_again(kind, name, slot, period);
    if (auto good = check_hook(kind, name); !good) return refuse("P:" + title + ": " + good.error().text());
    if (hosted.hooks.size() >= HostedPlugin::hooks_max)
        return refuse("P:" + title + ": a plugin has at most " + std::to_string(HostedPlugin::hooks_max) + " hooks");
    const bool one_each = kind == HookKind::command || kind == HookKind::signal || kind == HookKind::timer ||
                          kind == HookKind::migrate || kind == HookKind::self_test;
    const bool repeated = std::ranges::any_of(
        hosted.hooks, [&](const Hook& hook) { return hook.kind == kind && hosted.name_of(hook) == name; });
    if (one_each && repeated) return refuse("P:" + title + ": there is one for " + shown(Value{name}) + " already");

    const std::string kind_name{name_of(kind)};
    const auto counted = std::ranges::find_if(
        hosted.calls, [&](const CountedCalls& calls) { return calls.kind == kind && calls.name == name; });
    Hook hook{.kind = kind, .slot = slot, .period = period, .due = tick + period};
    hook.calls = static_cast<std::uint32_t>(counted - hosted.calls.begin());
    if (counted == hosted.calls.end()) hosted.calls.push_back({.calls = 0, .name = name, .kind = kind});
    if (hosted.figure != nullptr) hook.figure = &hosted.figure->hook(name.empty() ? kind_name : kind_name + " " + name);
    hosted.hooks.push_back(hook);
    return {};
}

HostRoom::Done HostRoom::add_hook_again(HookKind kind, std::string_view name, int slot, std::uint32_t period) {
    const HostedPlugin& hosted = *running.plugin;
    const std::size_t at = running.hooks_again++;
    if (at < hosted.hooks.size()) {
        const Hook& hook = hosted.hooks[at];
        if (hook.kind == kind && hook.slot == slot && hook.period == period && hosted.name_of(hook) == name) return {};
    }
    return refuse("init.lua registers other hooks than when it was started");
}

std::expected<std::size_t, Complaint> HostRoom::add_limiter(double per_s, double burst) {
    HostedPlugin& hosted = *running.plugin;
    if (!(per_s >= Limiter::per_s_min && per_s <= Limiter::per_s_max))
        return refuse("P:limiter: rate: expected a number of tokens a second from " + shown(Value{Limiter::per_s_min}) +
                      " to " + shown(Value{Limiter::per_s_max}));
    if (!(burst >= 1 && burst <= Limiter::burst_max))
        return refuse("P:limiter: burst: expected a number of tokens from 1 to " + std::to_string(Limiter::burst_max));
    if (running.again && running.limiters_again < hosted.limiters.size()) return running.limiters_again++;
    if (hosted.limiters.size() >= HostedPlugin::limiters_max)
        return refuse("P:limiter: a plugin has at most " + std::to_string(HostedPlugin::limiters_max) +
                      "; a key tells viewers apart");
    hosted.limiters.emplace_back(per_s, static_cast<std::uint32_t>(burst), room.tick_length());
    return hosted.limiters.size() - 1;
}

} // namespace playhead
