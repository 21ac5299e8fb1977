#include "simulation/watch.hpp"

#include "plugin/lua_sandbox.hpp"
#include "simulation/network.hpp"
#include "simulation/ward.hpp"

#include <algorithm>

namespace playhead::simulation {
namespace {

constexpr std::int64_t ticks_per_second = 20;

} // namespace

void Watch::look(const RoomState& state, ServerTime now) {
    const Before after{state.epoch, state.version, state.media.value().instance, state.last_motion, state.last_rate};
    if (before_) {
        if (after.epoch != before_->epoch) complaints_.add(Invariant::only_up, "the room's epoch changed");
        if (after.version < before_->version) complaints_.add(Invariant::only_up, "the room's version went down");
        if (after.media < before_->media) complaints_.add(Invariant::only_up, "the media's instance went down");
        // [R6] Two last-writer-wins registers.
        if (after.motion < before_->motion) complaints_.add(Invariant::stated_order, "an older motion won");
        if (after.rate < before_->rate) complaints_.add(Invariant::stated_order, "an older rate won");
    }
    before_ = after;
    if (std::max(after.motion.physical, after.rate.physical) > now)
        complaints_.add(Invariant::stated_order, "somebody acted in the future");
    look_at_viewers(state);
    look_at_limits(state);
    look_at_waiting(state, TickLength{}.at(now));
    // What the plugin writes before it fails on purpose.
    if (state.shared.find({"ward", "notes"}, EntryKey{"failed"}) != nullptr)
        complaints_.add(Invariant::denials_hold, "what a hook wrote before it failed was not rolled back");
}

void Watch::look_at_viewers(const RoomState& state) {
    if (state.viewer_count.value() != state.viewers.size())
        complaints_.add(Invariant::counts, "the viewer count is not what is there");
    const auto& rows = state.roster.rows();
    if (rows.size() != std::min(state.viewers.size(), Roster::rows_max))
        complaints_.add(Invariant::counts, "the roster does not show those who are there");
    for (const auto& [id, row] : rows) {
        const auto member = state.viewers.find(id);
        if (member == state.viewers.end()) {
            complaints_.add(Invariant::counts, "the roster shows somebody who is not there");
        } else if (static_cast<const ViewerRow&>(member->second) != row.value()) {
            complaints_.add(Invariant::same_state, "the roster shows somebody otherwise than they are");
        }
    }
}

void Watch::look_at_limits(const RoomState& state) {
    const auto stays = [this](std::size_t size, std::size_t most, const char* what) {
        if (size > most) complaints_.add(Invariant::limits, std::string{what} + " went over its limit");
    };
    stays(state.roster.rows().size(), Roster::rows_max, "the roster");
    stays(state.roster.tombstones().size(), Roster::tombstones_max, "the roster's tombstones");
    for (const auto& [id, member] : state.viewers)
        stays(member.outcomes.size(), Member::outcomes_kept, "the answers that are kept of a viewer");
    std::size_t removals = 0;
    for (const auto& [name, table] : state.shared.tables()) removals += table.tombstones().size();
    stays(removals, SharedState::tombstones_max, "the tombstones of plugins' state");
    // The pending playhead is one that plays.
    if (state.motion.value().pending && !state.motion.value().pending->playing)
        complaints_.add(Invariant::same_state, "something that does not play is pending");
}

void Watch::look(const Metrics& metrics, const PluginFigures& figures) {
    if (metrics.sessions > connections_alive())
        complaints_.add(Invariant::counts, "more sessions are counted than there are connections");
    if (metrics.slow_sessions > metrics.sessions)
        complaints_.add(Invariant::counts, "more slow sessions are counted than sessions");
    if (figures.lua_bytes > figures.lua_states * lua::plugin_limits.memory_bytes_max)
        complaints_.add(Invariant::limits, "plugins hold more memory than they may");
    look_at_instructions(figures);
    if (sends_when_full() != 0) complaints_.add(Invariant::limits, "something was sent where nothing more was taken");
}

// It says itself until when it waits, and for whom. A tick that did not run is made up for by the next.
void Watch::look_at_waiting(const RoomState& state, Tick tick) {
    constexpr std::int64_t late_ticks = 20;
    const Value* waiting = state.shared.find({"ready", "waiting"}, EntryKey{});
    if (waiting == nullptr) return;
    const std::int64_t now = tick.number;
    const auto ends = [](const Value& what) { return *what.find("ends_tick")->get_if<std::int64_t>(); };
    if (ends(*waiting) + late_ticks < now)
        complaints_.add(Invariant::wait_policy, "the room waits for longer than it said");
    for (const Value& held : *waiting->find("whom")->get_if<Value::List>())
        if (ends(held) > now + std::int64_t{wait_s_max} * ticks_per_second)
            complaints_.add(Invariant::wait_policy, "a viewer would hold the room up for longer than it may");
}

// What is charged in one go, inside a function of Lua's library, may go beyond what was left.
void Watch::look_at_instructions(const PluginFigures& figures) {
    constexpr std::uint64_t one_go = 20'000;
    constexpr std::uint64_t hook_max = std::uint64_t{lua::plugin_limits.instructions_max} + one_go;
    std::uint64_t sum = 0; // since the last look, which was a tick ago
    for (const auto& [plugin, figure] : figures.plugins) {
        for (const auto& [name, hook] : figure.hooks) {
            Spent& before = spent_[plugin + " " + name];
            const Spent now{hook.calls - before.calls, hook.instructions - before.instructions};
            if (now.instructions > now.calls * hook_max)
                complaints_.add(Invariant::limits, "a hook takes more instructions than it may");
            sum += now.instructions;
            before = {hook.calls, hook.instructions};
        }
    }
    // A tick in which plugins start anew has more for that.
    constexpr std::uint64_t starting = 4 * hook_max;
    if (sum > std::uint64_t{lua::tick_instructions_max} + figures.plugins.size() * starting)
        complaints_.add(Invariant::limits, "plugins take more instructions in a tick than they may");
}

} // namespace playhead::simulation
