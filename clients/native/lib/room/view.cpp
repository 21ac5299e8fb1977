#include "lib/room/view.hpp"

#include "lib/room/plugin_view.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace playhead::client {
namespace {

double to_ms(Microseconds time) { return static_cast<double>(time.count()) / 1000; }
double to_factor(Rate rate) { return rate.permille / 1000.0; }

Playhead view_of(const sync::RoomPlayhead& playhead, TickLength tick_length) {
    return {.media = playhead.media.value,
            .position_ms = to_ms(playhead.anchor_position),
            .anchor_ms = sync::anchor_ms(playhead, tick_length),
            .rate = to_factor(playhead.rate),
            .playing = playhead.playing};
}

Motion view_of(const sync::RoomMotion& motion, TickLength tick_length) {
    Motion view;
    view.current = view_of(motion.current, tick_length);
    if (motion.pending) view.pending = view_of(*motion.pending, tick_length);
    view.playing = motion.intent().playing;
    view.rate = to_factor(motion.intent().rate);
    return view;
}

MediaView view_of(const Media& media) {
    return {.instance = media.instance.value,
            .kind = static_cast<MediaKind>(std::to_underlying(media.kind)),
            .url = media.url,
            .title = media.title,
            .duration_ms = to_ms(media.duration)};
}

Roles roles_of(std::uint32_t bits) {
    const auto has = [bits](Role role) { return (bits & std::to_underlying(role)) != 0; };
    return {.owner = has(Role::owner),
            .moderator = has(Role::moderator),
            .host = has(Role::host),
            .cohost = has(Role::cohost),
            .member = has(Role::member),
            .muted = has(Role::muted)};
}

ViewerView view_of(const ViewerRow& row, const Telemetry* telemetry) {
    ViewerView view{.id = row.id.value,
                    .name = row.name,
                    .roles = roles_of(row.roles),
                    .connected = row.connected,
                    .hue = hue_of(row.id.value)};
    if (!telemetry) return view;
    const auto flag = [telemetry](ReportFlag which) { return (telemetry->flags & std::to_underlying(which)) != 0; };
    view.drift_ms = to_ms(telemetry->drift);
    view.delay_ms = telemetry->delay_ms;
    view.buffer_ms = telemetry->buffer_ms;
    view.stalled = flag(ReportFlag::stalled);
    view.away = flag(ReportFlag::away);
    view.blocked = flag(ReportFlag::blocked);
    view.inexact = flag(ReportFlag::inexact);
    return view;
}

DriftDistributionView view_of(const DriftDistribution& distribution) {
    return {.reporting = distribution.reporting,
            .p50_ms = to_ms(distribution.p50),
            .p95_ms = to_ms(distribution.p95),
            .max_ms = to_ms(distribution.max),
            .stalled = distribution.stalled,
            .away = distribution.away};
}

ClockView view_of(const sync::ClockEstimate& estimate) {
    return {.offset_ms = estimate.offset_ms,
            .error_bound_ms = estimate.error_bound_ms,
            .rtt_ms = estimate.rtt_ms,
            .jitter_ms = estimate.jitter_ms,
            .settled = estimate.settled};
}

} // namespace

std::uint32_t hue_of(std::uint32_t viewer) { return static_cast<std::uint32_t>(std::llround(viewer * 137.508) % 360); }

RoomView view_of(const Session& session, double now_ms) {
    const Replica& replica = session.replica();
    const TickLength tick_length = session.tick_length();
    RoomView view;
    view.status = session.connection().status();
    view.problem = session.connection().problem();
    view.carrier = session.connection().carrier();
    view.me = session.me().value;
    view.title = replica.info().title;
    view.listed = replica.info().listed;
    view.media = view_of(replica.media());
    view.motion = view_of(session.motion(), tick_length);
    view.confirmed_motion = view_of(replica.motion(), tick_length);
    for (const auto& [id, row] : replica.viewers()) {
        const auto telemetry = session.telemetry().find(id);
        view.viewers.push_back(view_of(row, telemetry == session.telemetry().end() ? nullptr : &telemetry->second));
    }
    view.viewer_count = replica.viewer_count();
    view.plugins = plugin_views(replica.shared());
    if (session.distribution()) view.distribution = view_of(*session.distribution());
    if (const auto estimate = session.clock().estimate(now_ms)) view.clock = view_of(*estimate);
    view.pending_commands = static_cast<std::uint32_t>(session.pending_commands());
    view.hash_mismatches = session.hash_mismatches();
    return view;
}

const SharedField* PluginView::find(std::string_view field) const {
    const auto found = state.find(field);
    return found == state.end() ? nullptr : &found->second;
}

const ViewerView* RoomView::viewer(std::uint32_t id) const {
    const auto found = std::ranges::find(viewers, id, &ViewerView::id);
    return found == viewers.end() ? nullptr : &*found;
}

const PluginView* RoomView::plugin(std::string_view name) const {
    const auto found = plugins.find(name);
    return found == plugins.end() ? nullptr : &found->second;
}

} // namespace playhead::client
