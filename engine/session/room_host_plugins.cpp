#include "session/log.hpp"
#include "session/room_host.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

// What the room's plugins ask of it beyond the room's own state, what they are told of the world, and their reload.
namespace playhead {
namespace {

// A sentence for whoever is sent away: the plugin's reason, if it gave one.
std::string sentence(std::string_view what, const std::string& reason) {
    return std::string{what} + (reason.empty() ? "" : ": " + reason);
}

} // namespace

PluginTime::Standing RoomHost::standing(Tick tick, ServerTime now) const {
    if (!has_plugins()) return PluginTime::Standing::cheap;
    return loads_plugins(tick) ? PluginTime::Standing::loads : shard_.plugin_time.standing(cost_, plugins_, now);
}

bool RoomHost::loads_plugins(Tick tick) const {
    if (!has_plugins()) return false;
    if (!plugins_started_ && !newcomers_.empty()) return true;
    if (!room_.asleep()) return false;
    const auto planned = room_.next_due(Tick{tick.number - 1});
    return !inputs_.empty() || (planned && *planned <= tick);
}

// In a turn of its own: a tick's is too short for that.
void RoomHost::load_plugins(Tick tick) {
    if (!loads_plugins(tick)) return;
    const PluginTime::Turn turn{shard_.plugin_time, cost_, plugins_, PluginTime::Turn::Kind::setup};
    room_.wake(tick, lead_);
    if (plugins_started_ || newcomers_.empty()) return;
    plugins_started_ = true;
    tell_wall_time(tick, shard_.clock.now());
    room_.start(tick);
}

// Finding out whether it can sleep says as little about what its plugins cost as loading them does.
void RoomHost::rest(Tick tick) {
    const auto due = room_.sleeps_at();
    if (!due || *due > tick) return;
    const PluginTime::Turn turn{shard_.plugin_time, cost_, plugins_, PluginTime::Turn::Kind::setup};
    room_.sleep_if_due();
}

// Nobody is woken for it: a room that runs for another reason knows the time.
void RoomHost::tell_wall_time(Tick tick, ServerTime now) {
    if (!plugins_started_ || (wall_told_at_ && now - *wall_told_at_ < wall_time_interval)) return;
    wall_told_at_ = now;
    room_.apply(WallTime{shard_.clock.unix_us()}, tick, lead_);
}

void RoomHost::carry_out(const Kick& kick) {
    if (!places_.find(kick.viewer)) return;
    ++shard_.metrics.kicks_total;
    expel(kick.viewer, LeaveReason::kicked, {ErrorCode::kicked, sentence("sent out of this room", kick.reason)});
}

// [J11] Everyone on the same device goes: the tabs beside the one that gave offence.
void RoomHost::carry_out(const Ban& ban) {
    const auto known = places_.known(ban.viewer);
    if (!known) return;
    ++shard_.metrics.bans_total;
    const std::string shown = name_of(ban.viewer);
    bans_.add(known->traces, shown.empty() ? known->name : shown, ban.reason, ban.seconds, shard_.clock.now());
    std::vector<ViewerId> meant = places_.on_device(known->traces.device);
    if (std::ranges::find(meant, ban.viewer) == meant.end()) meant.push_back(ban.viewer);
    for (const ViewerId viewer : meant)
        expel(viewer, LeaveReason::banned, {ErrorCode::banned, sentence("banned from this room", ban.reason)});
}

void RoomHost::carry_out(const Unban& unban) { bans_.lift(unban.who); }

void RoomHost::carry_out(const Log& line) {
    shard_.plugin_log.line(id_, line.plugin, line.message, line.failure, shard_.clock.now());
}

std::vector<PluginSummary> RoomHost::plugin_summaries() const {
    if (!has_plugins()) return {};
    std::vector<PluginSummary> plugins = summaries_of(*plugins_);
    for (PluginSummary& plugin : plugins) {
        const Value* shown = state().shared.find(TableName{plugin.name, "@plugin"}, EntryKey{});
        const Value* suspended = shown ? shown->find("suspended") : nullptr;
        plugin.suspended = suspended && suspended->get_if<bool>() && *suspended->get_if<bool>();
    }
    return plugins;
}

std::expected<void, std::string> RoomHost::reload(std::shared_ptr<const PluginSet> plugins, Tick tick) {
    PluginCost fresh; // new code has no record
    fresh.total = cost_.total;
    {
        const PluginTime::Turn turn{shard_.plugin_time, fresh, plugins, PluginTime::Turn::Kind::setup};
        if (auto swapped = room_.reload(plugins, tick); !swapped) return swapped;
    }
    plugins_ = std::move(plugins);
    cost_ = fresh;
    plugins_started_ = false;
    wall_told_at_.reset();
    wake();
    return {};
}

} // namespace playhead
