#include "room/room.hpp"

#include "core/text.hpp"
#include "room/media.hpp"

#include <algorithm>
#include <ranges>

// Membership, versions and what time does. What a command does is in commands.cpp, how motion changes in motion.cpp.
namespace playhead {

Room::Room(Epoch epoch, RoomInfo info, TickLength tick_length) : tick_length_(tick_length) {
    state_.epoch = epoch;
    state_.version = Version{1};
    info.title = clean_text_within(info.title, RoomInfo::title_bytes_max);
    state_.info.set(std::move(info));
    state_.info.commit(state_.version);
}

std::optional<Outcome> Room::apply(const Input& input, Tick tick, const Lead& lead, Judge* judge) {
    if (const auto* command = std::get_if<Command>(&input)) {
        const MotionContext context{
            .tick = tick, .tick_length = tick_length_, .lead = lead, .duration = state_.media.value().duration};
        state_.motion.set(taken_over(state_.motion.value(), tick));
        return answer(*command, context, judge);
    }
    if (const auto* join = std::get_if<Join>(&input)) on(*join, tick);
    if (const auto* reconnect = std::get_if<Reconnect>(&input)) set_connected(reconnect->viewer, true);
    if (const auto* disconnect = std::get_if<Disconnect>(&input)) set_connected(disconnect->viewer, false);
    if (const auto* leave = std::get_if<Leave>(&input)) on(*leave);
    if (const auto* report = std::get_if<DurationReport>(&input)) on(*report);
    if (const auto* condition = std::get_if<Condition>(&input)) on(*condition);
    return std::nullopt;
}

void Room::on(const Join& join, Tick tick) {
    const auto [viewer, is_new] = state_.viewers.try_emplace(join.viewer);
    if (!is_new) return;
    Member& member = viewer->second;
    member.id = join.viewer;
    member.name = shown_name(join.name, join.viewer);
    member.roles = join.roles;
    member.joined_at = tick;
    state_.viewer_count.set(static_cast<std::uint32_t>(state_.viewers.size()));
    show(member);
}

void Room::on(const Leave& leave) {
    if (state_.viewers.erase(leave.viewer) == 0) return;
    state_.viewer_count.set(static_cast<std::uint32_t>(state_.viewers.size()));
    state_.duration_open = true;
    if (!state_.roster.rows().contains(leave.viewer)) return;
    state_.roster.remove(leave.viewer);
    const auto& rows = state_.roster.rows();
    const auto next =
        std::ranges::find_if(state_.viewers, [&](const auto& present) { return !rows.contains(present.first); });
    if (next != state_.viewers.end()) show(next->second);
}

void Room::set_connected(ViewerId viewer, bool connected) {
    const auto row = state_.viewers.find(viewer);
    if (row == state_.viewers.end() || row->second.connected == connected) return;
    row->second.connected = connected;
    state_.duration_open = true;
    show(row->second);
}

// [R12] The rows are those who have been here longest (ids are given in join order), and whoever leads the room.
void Room::show(const ViewerRow& row) {
    Roster& roster = state_.roster;
    if (roster.full() && !roster.rows().contains(row.id)) {
        if (audience_of(row.roles) == Audience::everyone) return;
        const auto follows = [](const auto& shown) {
            return audience_of(shown.second.value().roles) == Audience::everyone;
        };
        const auto newest_first = roster.rows() | std::views::reverse;
        const auto newest = std::ranges::find_if(newest_first, follows);
        if (newest == newest_first.end()) return;
        roster.remove(newest->first);
    }
    roster.put(row);
}

void Room::on(const DurationReport& report) {
    const auto member = state_.viewers.find(report.viewer);
    const bool for_this_media = report.media == state_.media.value().instance && report.media != MediaInstance{0};
    if (member == state_.viewers.end() || !for_this_media || !believable_duration(report.duration)) return;
    if (member->second.duration_media == report.media && member->second.duration == report.duration) return;
    member->second.duration_media = report.media;
    member->second.duration = report.duration;
    state_.duration_open = true;
}

void Room::on(const Condition& condition) {
    const auto member = state_.viewers.find(condition.viewer);
    if (member != state_.viewers.end()) member->second.condition = condition.flags;
}

void Room::set_roles(ViewerId viewer, std::uint32_t add, std::uint32_t remove) {
    const auto row = state_.viewers.find(viewer);
    if (row == state_.viewers.end()) return;
    const std::uint32_t roles = ((row->second.roles & ~remove) | add) & ~std::to_underlying(Role::anyone);
    if (roles == row->second.roles) return;
    row->second.roles = roles;
    ++state_.roles_revision;
    show(row->second);
}

// [R9] Once a tick at most, however many report: in a wide room everyone does.
void Room::agree_on_duration() {
    if (!std::exchange(state_.duration_open, false)) return;
    Media media = state_.media.value();
    std::vector<MediaTime> reports;
    for (const auto& [id, member] : state_.viewers) {
        const bool counts = member.duration_media == media.instance && member.duration > MediaTime{0};
        if (counts && member.connected) reports.push_back(member.duration);
    }
    const MediaTime agreed = agreed_duration(std::move(reports));
    const MediaTime change = std::chrono::abs(agreed - media.duration);
    const bool first = media.duration == MediaTime{0};
    // Once known it stays known, although those who reported it may have left.
    if (agreed == MediaTime{0} || (!first && change < duration_change_min)) return;
    media.duration = agreed;
    state_.media.set(std::move(media));
}

void Room::advance(Tick tick) {
    state_.motion.set(taken_over(state_.motion.value(), tick));
    agree_on_duration();
    const MotionContext context{
        .tick = tick, .tick_length = tick_length_, .lead = {}, .duration = state_.media.value().duration};
    if (const auto motion = ended(state_.motion.value(), context)) {
        state_.motion.set(*motion);
        state_.last_motion = std::max(state_.last_motion, Stamp{.physical = tick_length_.start_of(tick)});
        tell(EventKind::media_ended, {}, tick, context.duration);
    }
}

bool Room::changed() const {
    return state_.info.dirty() || state_.media.dirty() || state_.motion.dirty() || state_.viewer_count.dirty() ||
           state_.roster.dirty() || state_.shared.dirty();
}

Version Room::commit() {
    if (!changed()) return state_.version;
    ++state_.version.value;
    state_.info.commit(state_.version);
    state_.media.commit(state_.version);
    state_.motion.commit(state_.version);
    state_.viewer_count.commit(state_.version);
    state_.roster.commit(state_.version);
    state_.shared.commit(state_.version);
    return state_.version;
}

void Room::tell(EventKind kind, const Command& cause, Tick tick, MediaTime position) {
    if (events_.size() >= events_per_tick_max) return;
    events_.push_back(
        {.kind = kind, .viewer = cause.viewer, .tick = tick, .position = position, .plugin = cause.plugin});
}

} // namespace playhead
