#include "core/nearest.hpp"
#include "core/utf8.hpp"
#include "plugin/plugin_host.hpp"
#include "plugin/script_value.hpp"
#include "room/media.hpp"

#include <algorithm>
#include <limits>
#include <utility>

// What plugins are asked: to decide, to run a command, to change a value on its way.
namespace playhead {
namespace {

const Type& any_type() {
    static const Type type = [] {
        Type any;
        any.kind = Type::Kind::any;
        any.optional = true;
        return any;
    }();
    return type;
}

const Type& text_type() {
    static const Type type = [] {
        Type text;
        text.kind = Type::Kind::text;
        return text;
    }();
    return type;
}

Outcome refused(ErrorCode code, std::string message, std::uint32_t retry_ms = 0) {
    Outcome outcome;
    outcome.verdict = Verdict::refused;
    outcome.error = {.code = code, .message = std::move(message), .retry_ms = retry_ms};
    return outcome;
}

std::string clean(const std::string& text) { return valid_utf8(text) ? text : std::string{"(not UTF-8)"}; }

// The refusal that a plugin's denial is; its data has to be able to travel.
std::expected<Outcome, std::string> outcome_of(lua::Denial denial, const std::string& plugin) {
    auto data = checked(any_type(), std::move(denial.data), "P.deny: data");
    if (!data) return std::unexpected(data.error());
    Outcome outcome = refused(ErrorCode::denied, clean(denial.message.empty() ? denial.code : denial.message));
    if (const Value* retry = data->find("retry_ms")) {
        const auto retry_ms = whole_number(*retry);
        if (retry_ms && *retry_ms > 0 && *retry_ms <= std::numeric_limits<std::uint32_t>::max())
            outcome.error.retry_ms = static_cast<std::uint32_t>(*retry_ms);
    }
    outcome.plugin = plugin;
    outcome.reason = clean(denial.code);
    outcome.data = *std::move(data);
    return outcome;
}

// What a decide hook is told about a command, beside who asks.
struct Question {
    std::string topic;
    std::string action;
    Value::Map more;
};

struct Asking {
    Question operator()(const Play&) const { return {"playback.play", "play", {}}; }
    Question operator()(const Pause&) const {
        Question question{"playback.pause", "pause", {}};
        if (position_seen) question.more.push_back({"position_s", Value{in_seconds(*position_seen)}});
        return question;
    }
    Question operator()(const Seek& seek) const {
        return {"playback.seek", "seek", {{"position_s", Value{in_seconds(seek.to)}}}};
    }
    Question operator()(const SetRate& set_rate) const {
        return {"playback.rate", "rate", {{"rate", Value{set_rate.rate.permille / 1000.0}}}};
    }
    Question operator()(const Load& load) const {
        return {"playback.load",
                "load",
                {{"kind", Value{std::string{media_kind_name(load.kind)}}},
                 {"play", Value{load.play}},
                 {"position_s", Value{in_seconds(load.start)}},
                 {"title", Value{load.title}},
                 {"url", Value{load.url}}}};
    }
    Question operator()(const SetName& set_name) const {
        return {"viewer.name", "rename", {{"name", Value{set_name.name}}}};
    }
    Question operator()(const PluginCommand& wish) const {
        return {wish.plugin + "." + wish.name, wish.name, {{"args", wish.args}}};
    }

    std::optional<MediaTime> position_seen;
};

} // namespace

std::uint32_t PluginHost::retry_ms(std::uint32_t ticks) const {
    const std::int64_t milliseconds = host_.room.tick_length().value.count() * std::int64_t{ticks} / 1000;
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(milliseconds, 1, std::numeric_limits<std::uint32_t>::max()));
}

Outcome PluginHost::busy() const {
    Outcome outcome =
        refused(ErrorCode::rate_limited, "the room's plugins have used up their share of this tick", retry_ms(1));
    outcome.undecided = true;
    return outcome;
}

Outcome PluginHost::suspended_outcome(const HostedPlugin& hosted) const {
    const auto record = host_.state.records.find(hosted.name());
    const auto until = record == host_.state.records.end() ? std::nullopt : record->second.health.suspended_until();
    const std::uint32_t ticks = until && *until > host_.tick ? until->number - host_.tick.number : 1;
    Outcome outcome = refused(ErrorCode::plugin_failed,
                              hosted.name() + " has failed and is suspended in this room for now", retry_ms(ticks));
    outcome.plugin = hosted.name();
    outcome.reason = "suspended";
    return outcome;
}

std::uint32_t PluginHost::roles_of(ViewerId viewer) const {
    const auto row = host_.room.state().viewers.find(viewer);
    return row == host_.room.state().viewers.end() ? 0 : row->second.roles;
}

// ---- Commands

std::optional<Outcome> PluginHost::judge(Command& command, Tick) {
    auto outcome = settled(command);
    if (!outcome || !outcome->undecided) return outcome;
    outcome->undecided = host_.tick < command.due + Command::patience_ticks;
    if (outcome->undecided) asked_again_ = Asked{command.viewer, command.sequence};
    return outcome;
}

std::optional<Outcome> PluginHost::settled(Command& command) {
    if (const auto* wish = std::get_if<PluginCommand>(&command.action)) {
        return this->command(command, *wish);
    }
    if (command.viewer == ViewerId{0} && command.plugin.empty()) return std::nullopt; // the engine itself
    Question question = std::visit(Asking{command.position_seen}, command.action);
    if (!refs(HookKind::decide, question.topic).empty()) {
        Value::Map ask = std::move(question.more);
        ask.push_back({"topic", Value{question.topic}});
        ask.push_back({"action", Value{question.action}});
        if (command.viewer != ViewerId{0}) {
            ask.push_back({"viewer", Value{std::int64_t{command.viewer.value}}});
            ask.push_back({"roles", roles_value(roles_of(command.viewer))});
        }
        if (!command.plugin.empty()) ask.push_back({"plugin", Value{command.plugin}});
        if (auto denied = decide(question.topic, Value{std::move(ask)}, nullptr)) return denied;
    }
    if (auto* set_name = std::get_if<SetName>(&command.action))
        set_name->name = shown_as(set_name->name, command.viewer);
    return std::nullopt;
}

// All are asked in order until the first denial, which is final.
std::optional<Outcome> PluginHost::decide(std::string_view topic, const Value& ask, const Type* args) {
    const std::array<lua::HookArgument, 1> arguments{
        lua::HookArgument{.value = &ask, .type = args, .typed_field = args == nullptr ? nullptr : "args"}};
    for (const HookRef& ref : refs(HookKind::decide, topic)) {
        HostedPlugin& hosted = *ref.hosted;
        const bool closed = hosted.manifest().on_fail == OnFail::closed;
        if (ref.index == no_hook || !hosted.running) {
            if (closed) return suspended_outcome(hosted);
            continue;
        }
        if (!may_enter()) return busy();
        const Hook& hook = hosted.hooks[ref.index];
        lua::HookAnswer answer;
        auto marks = run(hosted, hook, arguments, &answer);
        if (marks && answer.denial) {
            auto outcome = outcome_of(*std::move(answer.denial), hosted.name());
            if (outcome) {
                keep();
                return *std::move(outcome);
            }
            reject(hosted, hook, *marks, outcome.error());
            marks.reset();
        } else if (marks && !answer.value.is_nil()) {
            reject(hosted, hook, *marks,
                   "it returned " + shown(answer.value) + "; a decide hook returns nothing, or P.deny(...)");
            marks.reset();
        }
        if (marks) {
            keep();
        } else if (interrupted_) {
            return busy();
        } else if (closed) {
            Outcome outcome = refused(ErrorCode::plugin_failed, hosted.name() + " could not be asked");
            outcome.plugin = hosted.name();
            outcome.reason = "plugin_failed";
            return outcome;
        }
    }
    return std::nullopt;
}

// What is checked before Lua is entered.
std::optional<Outcome> PluginHost::refusal_of(const Command& command, const HostedPlugin& hosted,
                                              const CommandSpec& spec, const std::string& name) {
    if (command.viewer != ViewerId{0}) {
        if (spec.permission) {
            auto denial = denied(host_.room.state().shared, *spec.permission, roles_of(command.viewer));
            if (denial) {
                Outcome outcome = refused(ErrorCode::denied, std::move(denial->reason));
                outcome.plugin = std::move(denial->plugin);
                outcome.reason = "permission";
                outcome.data = Value{Value::Map{{"permission", Value{std::move(denial->permission)}}}};
                return outcome;
            }
        }
        const bool counted = asked_again_ == Asked{command.viewer, command.sequence};
        const auto ticks = counted ? std::nullopt : wait_ticks(hosted, "command " + name, spec.rate, command.viewer);
        if (ticks) {
            Outcome outcome = refused(ErrorCode::rate_limited,
                                      "too fast: " + hosted.name() + "." + name + " can be used again in " +
                                          std::to_string(retry_ms(*ticks)) + " ms",
                                      retry_ms(*ticks));
            outcome.plugin = hosted.name();
            return outcome;
        }
    }
    if (!hosted.running) return suspended_outcome(hosted);
    return std::nullopt;
}

Outcome PluginHost::command(const Command& command, const PluginCommand& wish) {
    constexpr std::size_t name_max = PluginCommand::name_bytes_max;
    if (wish.plugin.size() > name_max || wish.name.size() > name_max)
        return refused(ErrorCode::unknown_command, "this room has no such command");
    HostedPlugin* hosted = host_.find(wish.plugin);
    if (hosted == nullptr)
        return refused(ErrorCode::unknown_command, "this room has no plugin " + shown(Value{wish.plugin}));
    const auto spec = hosted->manifest().commands.find(wish.name);
    if (spec == hosted->manifest().commands.end()) {
        std::vector<std::string> known;
        for (const auto& [name, declared] : hosted->manifest().commands) known.push_back(name);
        return refused(ErrorCode::unknown_command, wish.plugin + " has no command " + shown(Value{wish.name}) + ": " +
                                                       no_such_key(known, wish.name));
    }
    auto args = checked(spec->second.args, wish.args.is_nil() ? Value{Value::Map{}} : wish.args, "args");
    if (!args) return refused(ErrorCode::malformed, args.error());
    if (auto refusal = refusal_of(command, *hosted, spec->second, wish.name)) return *std::move(refusal);

    Value::Map call{{"args", *std::move(args)}};
    if (command.viewer != ViewerId{0}) {
        call.push_back({"roles", roles_value(roles_of(command.viewer))});
        call.push_back({"viewer", Value{std::int64_t{command.viewer.value}}});
    }
    if (!command.plugin.empty()) call.push_back({"plugin", Value{command.plugin}});
    const std::string topic = wish.plugin + "." + wish.name;
    if (!refs(HookKind::decide, topic).empty()) {
        Value::Map ask = call;
        ask.push_back({"topic", Value{topic}});
        ask.push_back({"action", Value{wish.name}});
        if (auto denied = decide(topic, Value{std::move(ask)}, &spec->second.args)) return *std::move(denied);
    }
    if (!hosted->running) return suspended_outcome(*hosted); // its own decide may have failed just now
    const Hook* hook = hook_of(*hosted, HookKind::command, wish.name);
    if (hook == nullptr) return refused(ErrorCode::unknown_command, wish.plugin + " does nothing on " + wish.name);
    if (!may_enter()) return busy();

    const Value call_value{std::move(call)};
    const std::array<lua::HookArgument, 1> arguments{
        lua::HookArgument{.value = &call_value, .type = &spec->second.args, .typed_field = "args"}};
    lua::HookAnswer answer;
    const auto marks = run(*hosted, *hook, arguments, &answer);
    if (marks && answer.denial) {
        auto outcome = outcome_of(*std::move(answer.denial), hosted->name());
        if (outcome) {
            keep();
            return *std::move(outcome);
        }
        reject(*hosted, *hook, *marks, outcome.error());
    } else if (marks) {
        auto result = checked(any_type(), std::move(answer.value), "its result");
        if (result) {
            keep();
            Outcome outcome;
            outcome.data = *std::move(result);
            return outcome;
        }
        reject(*hosted, *hook, *marks, result.error());
    }
    if (interrupted_) return busy();
    Outcome outcome = refused(ErrorCode::plugin_failed, hosted->name() + " has failed; nothing was changed");
    outcome.plugin = hosted->name();
    outcome.reason = "plugin_failed";
    return outcome;
}

void PluginHost::signal(const Signal& signal) {
    HostedPlugin* hosted = host_.find(signal.plugin);
    if (hosted == nullptr || !hosted->running || !host_.room.state().viewers.contains(signal.viewer)) return;
    const auto spec = hosted->manifest().signals.find(signal.name);
    const Hook* hook = hook_of(*hosted, HookKind::signal, signal.name);
    if (spec == hosted->manifest().signals.end() || hook == nullptr) return;
    auto args = checked(spec->second.args, signal.args.is_nil() ? Value{Value::Map{}} : signal.args, "args");
    if (!args || wait_ticks(*hosted, "signal " + signal.name, spec->second.rate, signal.viewer)) return;
    if (!may_enter() || host_.declared.writes_of(hosted->place) > DeclaredState::writes_per_tick_max / 2) return;
    const Value call{Value::Map{{"args", *std::move(args)},
                                {"roles", roles_value(roles_of(signal.viewer))},
                                {"viewer", Value{std::int64_t{signal.viewer.value}}}}};
    const std::array<lua::HookArgument, 1> arguments{
        lua::HookArgument{.value = &call, .type = &spec->second.args, .typed_field = "args"}};
    if (run(*hosted, *hook, arguments)) keep();
}

// How many ticks the viewer has to wait; empty if it may now.
std::optional<std::uint32_t> PluginHost::wait_ticks(const HostedPlugin& hosted, const std::string& key,
                                                    const std::optional<AskingRate>& rate, ViewerId viewer) {
    if (!rate) return std::nullopt;
    auto& rates = host_.state.records[hosted.name()].rates;
    auto found = rates.find(key);
    if (found == rates.end())
        found = rates.emplace(key, Limiter{rate->per_s, rate->burst, host_.room.tick_length()}).first;
    return found->second.take(std::int64_t{viewer.value}, host_.tick);
}

// ---- Transforms

std::string PluginHost::shown_as(const std::string& name, ViewerId viewer) {
    if (refs(HookKind::transform, "viewer.name").empty()) return name;
    const Value ask{Value::Map{{"topic", Value{"viewer.name"}}, {"viewer", Value{std::int64_t{viewer.value}}}}};
    const Value shown = transform("viewer.name", text_type(), Value{name}, ask, nullptr);
    const auto* text = shown.get_if<std::string>();
    return text == nullptr ? name : *text;
}

// A chain: each gets what the one before made of it; what fails, or is of another type, is left out.
Value PluginHost::transform(std::string_view topic, const Type& type, Value value, const Value& ask,
                            lua_State* within) {
    for (const HookRef& ref : refs(HookKind::transform, topic)) {
        HostedPlugin& hosted = *ref.hosted;
        if (!hosted.running || (within == nullptr && !may_enter())) continue;
        const Hook& hook = hosted.hooks[ref.index];
        const std::array<lua::HookArgument, 2> arguments{lua::HookArgument{.value = &value, .type = &type},
                                                         lua::HookArgument{.value = &ask}};
        lua::HookAnswer answer;
        const auto marks = run(hosted, hook, arguments, &answer, within);
        if (!marks) continue;
        auto changed = answer.denial ? std::expected<Value, std::string>{std::unexpected("a transform cannot deny")}
                                     : checked(type, std::move(answer.value), "its result");
        if (!changed || changed->is_nil()) {
            reject(hosted, hook, *marks,
                   changed ? "it returned nothing; a transform returns the value" : changed.error());
            continue;
        }
        keep();
        value = *std::move(changed);
    }
    return value;
}

Value PluginHost::transform_within(lua_State* state, std::string_view topic, const Type& type, Value value,
                                   const Value& ask) {
    return transform(topic, type, std::move(value), ask, state);
}

} // namespace playhead
