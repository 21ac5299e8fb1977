#include "plugin/plugin_host.hpp"

#include "core/hash.hpp"
#include "core/utf8.hpp"

#include <algorithm>
#include <utility>

// How a hook is run, and what follows when it fails.
namespace playhead {
namespace {

std::string called_as(const HostedPlugin& hosted, const Hook& hook) {
    const std::string& name = hosted.name_of(hook);
    return std::string{name_of(hook.kind)} + (name.empty() ? "" : " " + name);
}

// "playback" covers "playback.pause".
bool covers(std::string_view topic, std::string_view asked) {
    return asked.starts_with(topic) && (asked.size() == topic.size() || asked[topic.size()] == '.');
}

// Rooms that fell silent together do not fall asleep together.
std::uint32_t ticks_until_sleep(TickLength tick_length, std::string_view room) {
    constexpr Microseconds silence_min{60'000'000};
    constexpr Microseconds spread{30'000'000};
    CanonicalHash hash;
    hash.text(room);
    const auto ticks = [&](Microseconds time) { return static_cast<std::uint32_t>(time / tick_length.value); };
    return ticks(silence_min) + hash.value() % std::max(ticks(spread), 1U);
}

std::size_t place_of(HookKind kind) { return kind == HookKind::decide ? 0 : kind == HookKind::transform ? 1 : 2; }

} // namespace

PluginHost::PluginHost(Room& room, PluginState& state, std::shared_ptr<const PluginSet> plugins,
                       const PluginContext& context)
    : plugins_(std::move(plugins)),
      context_(context),
      host_(room, state, context_),
      sleeps_after_(ticks_until_sleep(room.tick_length(), context_.room)) {
    host_.chain = this;
    open_lua();
    for (const Plugin& plugin : plugins_->plugins()) add_plugin(plugin);
    gauge_memory();
}

PluginHost::~PluginHost() {
    if (context_.figures == nullptr) return;
    if (sandbox_) --context_.figures->lua_states;
    context_.figures->lua_bytes -= lua_bytes_;
    for (const auto& hosted : host_.plugins) {
        --hosted->figure->rooms;
        hosted->figure->memory_bytes -= hosted->memory_bytes;
        hosted->figure->state_bytes -= hosted->state_bytes;
        if (hosted->counts_as_suspended) --hosted->figure->suspended_rooms;
    }
}

// A hook that is begun has its whole budget: so there must be as much left.
bool PluginHost::may_enter() {
    if (sandbox_ && sandbox_->tick_left() < lua::plugin_limits.instructions_max) return false;
    return context_.time == nullptr || !context_.time->spent();
}

PluginHost::Marks PluginHost::marks() const {
    return {.journal = host_.journal.mark(),
            .actions = host_.actions.size(),
            .events = host_.events.size(),
            .actions_in_tick = host_.actions_in_tick};
}

void PluginHost::undo(const Marks& marks) {
    host_.journal.roll_back(marks.journal);
    host_.actions.resize(marks.actions);
    host_.events.resize(marks.events);
    host_.actions_in_tick = marks.actions_in_tick;
}

std::optional<PluginHost::Marks> PluginHost::run(HostedPlugin& hosted, const Hook& hook,
                                                 std::span<const lua::HookArgument> arguments, lua::HookAnswer* answer,
                                                 lua_State* within) {
    constexpr std::int64_t within_instructions = 100'000;
    constexpr Microseconds blamed_from{500};
    interrupted_ = false;
    if (!sandbox_ && !wake()) return std::nullopt;
    if (!hosted.running) return std::nullopt; // it could not be loaded again
    const Marks before = marks();
    const HostRoom::Running outer = host_.running;
    host_.running = {.plugin = &hosted,
                     .registers = false,
                     .depth = within == nullptr ? depth_ : outer.depth,
                     .actions = 0,
                     .nested = within == nullptr ? 0 : outer.nested + 1};
    ran_ = true;
    sleeps_at_ = host_.tick + sleeps_after_;
    ++hosted.calls[hook.calls].calls;
    const lua::HookCall call{.hosted = &hosted,
                             .slot = hook.slot,
                             .with_room = hook.kind != HookKind::migrate && hook.kind != HookKind::self_test,
                             .arguments = arguments};
    const lua::Called called = within == nullptr
                                   ? lua::run(*sandbox_, call, answer)
                                   : lua::run_within(*sandbox_, within, within_instructions, call, answer);
    host_.running = outer;
    count(hook.figure, called);
    interrupted_ = false;
    if (called.ok()) {
        hosted.excused = 0;
        return before;
    }
    undo(before);
    // The time that is up may have been used by others before it: then it is innocent, and comes again.
    const bool small = within != nullptr || (called.took && *called.took < blamed_from);
    const bool out_of_time = called.failure->kind == lua::Failure::Kind::time;
    interrupted_ = out_of_time && (small || (held_up(called) && ++hosted.excused <= excused_max));
    if (interrupted_) return std::nullopt;
    failed(hosted, called_as(hosted, hook), called.failure->message, called.failure->exhausted());
    return std::nullopt;
}

bool PluginHost::held_up(const lua::Called& called) {
    return !called.ok() && called.failure->kind == lua::Failure::Kind::time &&
           called.instructions < TimeAllowance::little_work;
}

// Only an outermost hook is over for good: what a nested one wrote is undone with the hook around it.
void PluginHost::keep() {
    if (host_.running.plugin == nullptr) host_.journal.keep();
}

void PluginHost::reject(HostedPlugin& hosted, const Hook& hook, const Marks& marks, const std::string& why) {
    undo(marks);
    if (hook.figure != nullptr) ++hook.figure->errors;
    failed(hosted, called_as(hosted, hook), why, false);
}

void PluginHost::count(HookFigure* figure, const lua::Called& called) {
    if (figure == nullptr) return;
    ++figure->calls;
    if (!called.ok()) ++figure->errors;
    figure->instructions += static_cast<std::uint64_t>(std::max<std::int64_t>(0, called.instructions));
    figure->allocated_bytes += called.allocated_bytes;
    if (called.took) figure->time.record(*called.took);
}

void PluginHost::failed(HostedPlugin& hosted, const std::string& what, const std::string& why, bool at_once) {
    tell_failure(hosted, hosted.label + " " + what + ": " + why);
    if (!hosted.running) return;
    Health& health = host_.state.records[hosted.name()].health;
    if (!health.failed(host_.tick, host_.room.tick_length(), at_once)) return;
    suspend(hosted, at_once ? what + " failed for good: " + why
                            : std::to_string(Health::failures_max) + " failures within a minute, the last in " + what);
}

// Once for each message: a hook that fails on every tick fills nobody's disk.
void PluginHost::tell_failure(HostedPlugin& hosted, const std::string& message) {
    if (hosted.told.size() >= HostedPlugin::told_max) hosted.told.clear();
    if (!hosted.told.insert(message).second) return;
    const std::string shown =
        valid_utf8(message) ? std::string{cut_utf8(message, Log::message_bytes_max)} : hosted.label + ": (not UTF-8)";
    host_.requests.emplace_back(Log{hosted.name(), shown, true});
}

// The lists change only while no hook runs and nobody goes through one.
std::span<const PluginHost::HookRef> PluginHost::refs(HookKind kind, std::string_view name) {
    auto& lists = refs_[place_of(kind)];
    if (const auto found = lists.find(name); found != lists.end()) return found->second;
    std::vector<HookRef> list;
    for (const auto& hosted : host_.plugins) {
        const bool denies = !hosted->running && hosted->manifest().on_fail == OnFail::closed;
        for (std::size_t i = 0; i < hosted->hooks.size(); ++i) {
            const Hook& hook = hosted->hooks[i];
            if (hook.kind != kind) continue;
            const std::string& registered = hosted->name_of(hook);
            const bool meant = kind == HookKind::decide ? covers(registered, name) : registered == name;
            if (meant && hosted->running) list.push_back({hosted.get(), i});
        }
        if (kind != HookKind::decide || !denies) continue;
        // What it was asked about while it ran, also in an earlier start.
        const bool asked = std::ranges::any_of(hosted->calls, [&](const CountedCalls& calls) {
            return calls.kind == HookKind::decide && covers(calls.name, name);
        });
        if (asked) list.push_back({hosted.get(), no_hook});
    }
    return lists.emplace(std::string{name}, std::move(list)).first->second;
}

const Hook* PluginHost::hook_of(const HostedPlugin& hosted, HookKind kind, std::string_view name) {
    const auto found = std::ranges::find_if(
        hosted.hooks, [&](const Hook& hook) { return hook.kind == kind && hosted.name_of(hook) == name; });
    return found == hosted.hooks.end() ? nullptr : &*found;
}

std::vector<HookCalls> PluginHost::hooks() const {
    std::vector<HookCalls> all;
    for (const auto& hosted : host_.plugins)
        for (const CountedCalls& counted : hosted->calls)
            all.push_back({hosted->name(), std::string{name_of(counted.kind)}, counted.name, counted.calls});
    return all;
}

void PluginHost::collect_garbage() {
    if (!std::exchange(ran_, false) || !sandbox_) return;
    sandbox_->collect_garbage();
    gauge_memory();
}

} // namespace playhead
