#include "core/overloaded.hpp"
#include "plugin/plugin_host.hpp"
#include "replication/messages.hpp"
#include "room/names.hpp"

#include <algorithm>
#include <limits>
#include <utility>

// What a tick brings: inputs, events, queued actions, timers, periodic hooks.
namespace playhead {
namespace {

Value text(std::string_view content) { return Value{std::string{content}}; }
Value id_value(ViewerId viewer) { return Value{std::int64_t{viewer.value}}; }

// The bits of ReportFlag that plugins hear of: the fourth, inexact, says how well a player can be controlled.
constexpr unsigned stalled_bit = std::to_underlying(ReportFlag::stalled);
constexpr unsigned away_bit = std::to_underlying(ReportFlag::away);
constexpr unsigned blocked_bit = std::to_underlying(ReportFlag::blocked);
constexpr unsigned heard_bits = stalled_bit | away_bit | blocked_bit;

unsigned condition_of(const RoomState& state, ViewerId viewer) {
    const auto member = state.viewers.find(viewer);
    return member == state.viewers.end() ? 0 : member->second.condition & heard_bits;
}

std::optional<ViewerRow> row_of(const RoomState& state, ViewerId viewer) {
    const auto row = state.viewers.find(viewer);
    return row == state.viewers.end() ? std::nullopt : std::optional<ViewerRow>{row->second};
}

} // namespace

void PluginHost::begin(Tick tick, const Lead& lead) {
    host_.begin_tick(tick, lead);
    if (ticked_ == tick) return;
    ticked_ = tick;
    if (sandbox_) sandbox_->begin_tick();
    room_events_.clear(); // nobody took them: they were told in their tick, or not at all
}

// ---- Inputs

std::optional<Outcome> PluginHost::apply(const Input& input, Tick tick, const Lead& lead) {
    begin(tick, lead);
    std::optional<Outcome> outcome;
    if (const auto* command = std::get_if<Command>(&input)) {
        const bool renames = std::holds_alternative<SetName>(command->action);
        const auto before = renames ? row_of(host_.room.state(), command->viewer) : std::nullopt;
        outcome = host_.room.apply(*command, tick, lead, this);
        const auto after = renames ? row_of(host_.room.state(), command->viewer) : std::nullopt;
        if (before && after && before->name != after->name)
            tell("renamed", {{"name", Value{after->name}}, {"viewer", id_value(after->id)}});
    } else {
        obey(input);
    }
    settle();
    let_go_of_the_stale();
    return outcome;
}

void PluginHost::obey(const Input& input) {
    Room& room = host_.room;
    const RoomState& state = room.state();
    const auto pass_on = [&](const Input& passed) { room.apply(passed, host_.tick, host_.lead); };
    std::visit(
        Overloaded{
            [&](const Join& join) {
                if (state.viewers.contains(join.viewer)) return;
                Join named = join;
                named.name = shown_as(join.name, join.viewer);
                pass_on(named);
                const auto row = row_of(state, join.viewer);
                tell("join",
                     {{"name", Value{row->name}}, {"roles", roles_value(row->roles)}, {"viewer", id_value(row->id)}});
            },
            [&](const Leave& leave) {
                const auto row = row_of(state, leave.viewer);
                pass_on(leave);
                if (!row) return;
                for (auto& [name, record] : host_.state.records)
                    for (auto& [key, limiter] : record.rates) limiter.forget(std::int64_t{leave.viewer.value});
                tell("leave", {{"name", Value{row->name}},
                               {"roles", roles_value(row->roles)},
                               {"viewer", id_value(row->id)},
                               {"why", text(name_of(leave.why))}});
            },
            [&](const Disconnect& disconnect) {
                const auto row = row_of(state, disconnect.viewer);
                pass_on(disconnect);
                if (row && row->connected) tell("lost", {{"viewer", id_value(row->id)}});
            },
            [&](const Reconnect& reconnect) {
                const auto row = row_of(state, reconnect.viewer);
                pass_on(reconnect);
                if (row && !row->connected) tell("returned", {{"viewer", id_value(row->id)}});
            },
            [&](const Condition& condition) {
                const unsigned before = condition_of(state, condition.viewer);
                pass_on(condition);
                const unsigned after = condition_of(state, condition.viewer);
                if (before == after) return;
                tell("condition", {{"away", Value{(after & away_bit) != 0}},
                                   {"blocked", Value{(after & blocked_bit) != 0}},
                                   {"stalled", Value{(after & stalled_bit) != 0}},
                                   {"viewer", id_value(condition.viewer)}});
            },
            [&](const Signal& wanted) { signal(wanted); },
            [&](const WallTime& wall) { host_.state.wall = PluginState::Wall{wall.unix_us, host_.tick}; },
            [&](const DurationReport& report) { pass_on(report); },
            [](const Command&) {},
        },
        input);
}

// ---- Events

bool PluginHost::is_heard(std::string_view event) { return !refs(HookKind::on, event).empty(); }

// Told at the next settle(): never from inside a hook.
void PluginHost::tell(std::string_view event, Value::Map data, std::string only, std::string except) {
    // Whether it is heard is asked when it is told, but most events never are.
    if (host_.running.plugin == nullptr && !is_heard(event)) return;
    if (waiting_.size() >= waiting_events_max) {
        if (!std::exchange(dropped_events_, true))
            host_.requests.emplace_back(Log{"",
                                            "more than " + std::to_string(waiting_events_max) +
                                                " events wait for this room's plugins; some are not told",
                                            true});
        return;
    }
    waiting_.push_back({.name = event,
                        .data = Value{std::move(data)},
                        .depth = depth_,
                        .only = std::move(only),
                        .except = std::move(except)});
}

void PluginHost::settle() {
    for (Event& event : host_.room.take_events()) {
        if (room_events_.size() < Room::events_per_tick_max) room_events_.push_back(event);
        const std::string_view name = name_of(event.kind);
        if (!is_heard(name)) continue;
        Value::Map data{{"position_s", Value{static_cast<double>(event.position.count()) / 1e6}}};
        if (event.viewer != ViewerId{0}) data.push_back({"viewer", id_value(event.viewer)});
        if (!event.plugin.empty()) data.push_back({"plugin", Value{event.plugin}});
        tell(name, std::move(data));
    }
    tell_waiting();
}

void PluginHost::tell_waiting() {
    while (!waiting_.empty()) {
        WaitingEvent event = std::move(waiting_.front());
        waiting_.pop_front();
        if (tell_one(event)) continue;
        waiting_.push_front(std::move(event));
        return;
    }
}

// False if the tick has no room for more: then it goes on from there in the next.
bool PluginHost::tell_one(WaitingEvent& event) {
    const std::array<lua::HookArgument, 1> arguments{lua::HookArgument{.value = &event.data}};
    for (const HookRef& ref : refs(HookKind::on, event.name)) {
        HostedPlugin& hosted = *ref.hosted;
        const bool was_told =
            event.begun && std::pair{hosted.place, ref.index} <= std::pair{event.told_place, event.told_hook};
        if (was_told || !hosted.running || hosted.name() == event.except) continue;
        if (!event.only.empty() && hosted.name() != event.only) continue;
        // A plugin that has written much in this tick could not finish what it does on the event.
        if (!may_enter() || host_.declared.writes_of(hosted.place) > DeclaredState::writes_per_tick_max / 2)
            return false;
        const unsigned outer = std::exchange(depth_, event.depth);
        const bool ran = run(hosted, hosted.hooks[ref.index], arguments).has_value();
        depth_ = outer;
        if (ran)
            keep();
        else if (interrupted_)
            return false;
        event.told_place = hosted.place;
        event.told_hook = ref.index;
        event.begun = true;
    }
    return true;
}

// ---- Queued actions

// In the order in which they were asked for; what they lead to comes behind.
void PluginHost::run_actions() {
    for (std::size_t i = 0; i < QueuedAction::per_tick_max && !host_.actions.empty(); ++i) {
        if (!may_enter()) return;
        QueuedAction action = std::move(host_.actions.front());
        host_.actions.pop_front();
        depth_ = action.depth;
        const bool done = carry_out(action);
        depth_ = 0;
        if (!done) return host_.actions.push_front(std::move(action));
    }
}

// False if there was no time for it: then it comes again.
bool PluginHost::carry_out(const QueuedAction& action) {
    bool done = true;
    std::visit(Overloaded{
                   [&](const Action& wanted) { done = carry_out(action.plugin, wanted, action.due); },
                   [&](const ChangeRoles& change) { carry_out(action.plugin, change); },
                   [&](const Permit& permit) { carry_out(action.plugin, permit); },
                   [&](const auto& request) { host_.requests.emplace_back(request); },
               },
               action.what);
    if (done) settle();
    return done;
}

// A plugin acts after whatever it has heard of: what a viewer did a moment ago must not make it an older action.
Stamp PluginHost::stamp_now() const {
    const RoomState& state = host_.room.state();
    Stamp stamp{.physical = host_.room.tick_length().start_of(host_.tick), .logical = 0, .viewer = {}};
    for (const Stamp& heard : {state.last_motion, state.last_rate}) {
        if (heard < stamp) continue;
        stamp.physical = heard.physical;
        stamp.logical = heard.logical + 1;
    }
    return stamp;
}

bool PluginHost::carry_out(const std::string& plugin, const Action& action, Tick due) {
    Room& room = host_.room;
    Command command;
    command.media = room.state().media.value().instance;
    command.issued = stamp_now();
    command.action = action;
    command.plugin = plugin;
    command.due = due;
    const auto outcome = room.apply(command, host_.tick, host_.lead, this);
    if (outcome && outcome->undecided) return false;
    if (!outcome || outcome->verdict != Verdict::refused || !is_heard("refused")) return true;
    const auto topic_of = Overloaded{
        [](const PluginCommand& wish) { return std::pair{wish.plugin + "." + wish.name, wish.name}; },
        [](const SetName&) { return std::pair{std::string{"viewer.name"}, std::string{"rename"}}; },
        [&](const auto&) {
            const std::string topic{permission_of(action)};
            return std::pair{topic, topic.substr(topic.find('.') + 1)};
        },
    };
    auto [topic, name] = std::visit(topic_of, action);
    tell("refused",
         {{"action", Value{std::move(name)}},
          {"by", Value{outcome->plugin}},
          {"code", text(name_of(outcome->error.code))},
          {"message", Value{outcome->error.message}},
          {"reason", Value{outcome->reason}},
          {"topic", Value{std::move(topic)}}},
         plugin);
    return true;
}

void PluginHost::carry_out(const std::string&, const ChangeRoles& change) {
    Room& room = host_.room;
    const auto before = row_of(room.state(), change.viewer);
    room.set_roles(change.viewer, change.add, change.remove);
    const auto after = row_of(room.state(), change.viewer);
    if (before && after && before->roles != after->roles)
        tell("roles", {{"roles", roles_value(after->roles)}, {"viewer", id_value(after->id)}});
}

void PluginHost::carry_out(const std::string& plugin, const Permit& permit) {
    constexpr std::size_t rules_bytes_max = 24 * 1024;
    HostedPlugin* hosted = host_.find(plugin);
    if (hosted == nullptr) return;
    const bool lifted = !hosted->running && hosted->manifest().on_fail == OnFail::open;
    auto& aside = host_.state.records[plugin].lifted_rules;
    const TableName table{plugin, std::string{permissions_field}};
    if (!permit.rule) {
        aside.erase(permit.permission);
        host_.declared.remove_raw(false, table, permit.permission);
    } else if (lifted) {
        aside.insert_or_assign(permit.permission, to_value(*permit.rule));
    } else {
        const auto done = host_.declared.put_raw(hosted->place, false, table, permit.permission, to_value(*permit.rule),
                                                 rules_bytes_max);
        if (!done) tell_failure(*hosted, hosted->label + " room:permit: " + done.error().text());
    }
    host_.journal.keep();
}

// ---- Time

void PluginHost::advance(Tick tick, const Lead& lead) {
    begin(tick, lead);
    resume_due();
    settle();
    run_actions();
    run_timers();
    run_periodic();
    run_actions();
    host_.room.advance(tick);
    settle();
    run_actions();
    let_go_of_the_stale();
}

// Each that is due fires once, however late. What a timer sets for now is due in the next tick.
void PluginHost::run_timers() {
    const auto next = host_.state.timers.next();
    if (!next || *next > host_.tick) return;
    for (const Timers::Due& due : host_.state.timers.due(host_.tick)) {
        HostedPlugin* hosted = host_.find(due.name.plugin);
        if (hosted == nullptr || !hosted->running) continue; // it waits until the plugin has started again
        if (!may_enter()) return;
        const auto timer = host_.state.timers.take(due);
        if (!timer) continue;
        const Hook* hook = hook_of(*hosted, HookKind::timer, due.name.name);
        if (hook == nullptr) {
            tell_failure(*hosted, hosted->label + ": the timer " + due.name.name +
                                      " is due, but init.lua has no P:on_timer for it");
            continue;
        }
        const std::array<lua::HookArgument, 1> arguments{lua::HookArgument{.value = &timer->data}};
        if (run(*hosted, *hook, arguments)) {
            keep();
        } else if (interrupted_) {
            host_.state.timers.restore(due.name, timer);
            return;
        }
    }
}

void PluginHost::run_periodic() {
    if (next_periodic_ && *next_periodic_ > host_.tick) return;
    bool all_ran = true;
    Tick next{std::numeric_limits<std::uint32_t>::max()};
    for (const auto& hosted : host_.plugins) {
        for (std::size_t i = 0; i < hosted->hooks.size(); ++i) {
            Hook& hook = hosted->hooks[i];
            if (hook.kind != HookKind::every || !hosted->running) continue;
            if (hook.due <= host_.tick && may_enter()) {
                const std::uint32_t missed = (host_.tick.number - hook.due.number) / hook.period;
                hook.due = hook.due + (missed + 1) * hook.period;
                const Value missed_value{std::int64_t{missed}};
                const std::array<lua::HookArgument, 1> arguments{lua::HookArgument{.value = &missed_value}};
                if (run(*hosted, hook, arguments)) keep();
            }
            next = std::min(next, hook.due);
            all_ran = all_ran && hook.due > host_.tick;
        }
    }
    next_periodic_ = all_ran ? next : host_.tick;
}

std::optional<Tick> PluginHost::next_due(Tick tick) const {
    if (!waiting_.empty() || !host_.actions.empty()) return tick + 1;
    std::optional<Tick> next;
    const auto consider = [&](std::optional<Tick> due) {
        if (due && (!next || *due < *next)) next = due;
    };
    bool all_run = true;
    for (const auto& hosted : host_.plugins) {
        if (hosted->running) continue;
        all_run = false;
        const auto record = host_.state.records.find(hosted->name());
        if (record != host_.state.records.end()) consider(record->second.health.suspended_until());
    }
    if (all_run) {
        consider(host_.state.timers.next());
    } else {
        for (const auto& [name, timer] : host_.state.timers.all()) {
            const HostedPlugin* hosted = host_.find(name.plugin);
            if (hosted != nullptr && hosted->running) consider(timer.due);
        }
    }
    if (next_periodic_) {
        if (next_periodic_->number != std::numeric_limits<std::uint32_t>::max()) consider(next_periodic_);
    } else {
        for (const auto& hosted : host_.plugins)
            for (const Hook& hook : hosted->hooks)
                if (hook.kind == HookKind::every && hosted->running) consider(hook.due);
    }
    if (!next) return std::nullopt;
    return std::max(*next, tick + 1);
}

} // namespace playhead
