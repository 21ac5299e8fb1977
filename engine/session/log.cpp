#include "session/log.hpp"

#include "core/text.hpp"

#include <spdlog/spdlog.h>

#include <memory>

namespace playhead {
namespace {

// The folder's logger: the program's sinks and level under our name.
spdlog::logger& logger() {
    if (const auto known = spdlog::get("session")) return *known;
    const auto made = spdlog::default_logger()->clone("session");
    spdlog::register_logger(made);
    return *made;
}

} // namespace

bool PeerLog::allowed(ServerTime now) {
    if (lines_.take(lines_budget, now)) {
        ++left_out_;
        return false;
    }
    if (left_out_ > 0) logger().warn("lines_left_out={}", left_out_);
    left_out_ = 0;
    return true;
}

void PeerLog::refused(const RoomId& room, ViewerId viewer, std::string_view peer, const Error& error, ServerTime now) {
    if (!logger().should_log(spdlog::level::warn) || !allowed(now)) return;
    logger().warn("refused room={} viewer={} peer={} code={} message=\"{}\"", room.text(), viewer.value, peer,
                  name_of(error.code), error.message);
}

void PeerLog::hash_mismatch(const RoomId& room, ViewerId viewer, std::string_view peer, Version version,
                            std::uint32_t theirs, ServerTime now) {
    if (!allowed(now)) return;
    logger().error("hash_mismatch room={} viewer={} peer={} version={} theirs={:08x}", room.text(), viewer.value, peer,
                   version.value, theirs);
}

void PluginLog::line(const RoomId& room, std::string_view plugin, std::string_view message, bool failure,
                     ServerTime now) {
    std::uint64_t& left_out = failure ? failures_left_out_ : words_left_out_;
    if ((failure ? failures_ : words_).take(failure ? failures_budget : words_budget, now)) {
        ++left_out;
        return;
    }
    const auto level = failure ? spdlog::level::warn : spdlog::level::info;
    if (left_out > 0) logger().log(level, "plugin_lines_left_out={} failures={}", left_out, failure);
    left_out = 0;
    logger().log(level, "{} room={} plugin={} message=\"{}\"", failure ? "plugin_failed" : "plugin_says", room.text(),
                 plugin, one_line(message)); // a viewer may have written it
}

void log_room_created(const RoomId& room, bool permanent) {
    logger().info("room_created room={} permanent={}", room.text(), permanent);
}

void log_room_expired(const RoomId& room) { logger().info("room_expired room={}", room.text()); }

void log_plugins_kept(const RoomId& room, std::string_view why) {
    logger().warn("plugins_kept room={} why=\"{}\"", room.text(), one_line(why));
}

void log_recording_began(const RoomId& room, std::string_view recording) {
    logger().info("recording_began room={} file={}", room.text(), recording);
}

void log_recording_ended(const RoomId& room, std::string_view recording, std::string_view why) {
    logger().info("recording_ended room={} file={} why=\"{}\"", room.text(), recording, why);
}

void log_tick_overrun(Tick tick, Microseconds duration, std::size_t rooms) {
    logger().warn("tick_overrun tick={} duration_us={} rooms_run={}", tick.number, duration.count(), rooms);
}

} // namespace playhead
