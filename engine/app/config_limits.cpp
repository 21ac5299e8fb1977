#include "app/config_keys.hpp"

namespace playhead::config {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Keys<Config>& limit_keys() {
    static const Keys<Config> keys{
        duration<Config, seconds>(
            "empty_room_expiry_s", [](auto& c) -> auto& { return c.sessions.empty_room_expiry; }, 1, 30 * 86'400,
            "how long a room that nobody is in is kept; rooms of this script stay"),
        duration<Config, seconds>(
            "viewer_grace_s", [](auto& c) -> auto& { return c.sessions.viewer_grace; }, 1, 86'400,
            "how long the place of a viewer who was cut off is kept"),
        duration<Config, seconds>(
            "hello_timeout_s", [](auto& c) -> auto& { return c.sessions.hello_timeout; }, 1, 60,
            "a connection that has not said Hello by then is closed"),
        duration<Config, seconds>(
            "silence_timeout_s", [](auto& c) -> auto& { return c.sessions.silence_timeout; }, 5, 600,
            "a viewer not heard of for so long is taken for gone"),
        duration<Config, milliseconds>(
            "report_interval_ms", [](auto& c) -> auto& { return c.sessions.report_interval; }, 200, 10'000,
            "how often viewers say how they are doing"),
        duration<Config, milliseconds>(
            "ping_interval_ms", [](auto& c) -> auto& { return c.sessions.ping_interval; }, 50, 10'000,
            "how often viewers of small rooms compare clocks"),
        integer<Config>(
            "rooms_max", [](auto& c) -> auto& { return c.sessions.rooms_max; }, 1, 1'000'000,
            "rooms at a time; more are refused"),
        integer<Config>(
            "viewers_per_room_max", [](auto& c) -> auto& { return c.sessions.viewers_per_room_max; }, 1, 1'000'000,
            "viewers in one room; more are refused"),
        integer<Config>(
            "joins_per_s", [](auto& c) -> auto& { return c.sessions.joins_per_s; }, 1, 1'000'000,
            "viewers that each shard lets in, in the long run; fewer while its ticks take long"),
        integer<Config>(
            "join_burst", [](auto& c) -> auto& { return c.sessions.join_burst; }, 1, 1'000'000,
            "viewers that it lets in at once"),
        duration<Config, milliseconds>(
            "join_wait_max_ms", [](auto& c) -> auto& { return c.sessions.join_wait_max; }, 0, 8000,
            "how long others wait for their turn; who would wait longer is told when to come back"),
        integer<Config>(
            "commands_per_s", [](auto& c) -> auto& { return c.sessions.commands_per_s; }, 1, 1000,
            "of one viewer, in the long run"),
        integer<Config>(
            "command_burst", [](auto& c) -> auto& { return c.sessions.command_burst; }, 1, 1000,
            "of one viewer, at once"),
        integer<Config>(
            "slow_bytes_max", [](auto& c) -> auto& { return c.sessions.slow_bytes_max; }, 4096, 64 * 1024 * 1024,
            "a viewer with more than this still to take is closed, and may come back"),
        duration<Config, seconds>(
            "slow_time_max_s", [](auto& c) -> auto& { return c.sessions.slow_time_max; }, 1, 600,
            "so is one that has had something to take for this long"),
        duration<Config, microseconds>(
            "fan_out_slice_us", [](auto& c) -> auto& { return c.sessions.fan_out_slice; }, 100, 50'000,
            "how long a wide room may send before others have their turn"),
        integer<Config>(
            "fresh_viewers_max", [](auto& c) -> auto& { return c.sessions.fresh_viewers_max; }, 0, 10'000,
            "a room with more viewers than this is a wide one"),
        integer<Config>(
            "relayed_viewers_min", [](auto& c) -> auto& { return c.sessions.relayed_viewers_min; }, 0, 1'000'000,
            "beyond so many, a room's viewers are spread over all shards, which send for it"),
        integer<Config>(
            "http_connections_max", [](auto& c) -> auto& { return c.http.connections_max; }, 1, 1'000'000,
            "at a time; viewers who have joined do not count"),
        duration<Config, seconds>(
            "header_timeout_s", [](auto& c) -> auto& { return c.http.header_timeout; }, 1, 600,
            "for the whole head of a request"),
        duration<Config, seconds>(
            "body_timeout_s", [](auto& c) -> auto& { return c.http.body_timeout; }, 1, 600,
            "for the body of a request"),
        duration<Config, seconds>(
            "idle_timeout_s", [](auto& c) -> auto& { return c.http.idle_timeout; }, 1, 3600,
            "between two requests of a connection"),
        duration<Config, seconds>(
            "stall_timeout_s", [](auto& c) -> auto& { return c.http.stall_timeout; }, 1, 3600,
            "for a peer that takes nothing of its answer"),
        integer<Config>(
            "rooms_created_per_minute", [](auto& c) -> auto& { return c.http.rooms_created_per_minute; }, 1, 100'000,
            "over the API, by one address"),
        integer<Config>(
            "joins_per_minute", [](auto& c) -> auto& { return c.http.joins_per_minute; }, 1, 1'000'000,
            "how often one address may ask for a connect token"),
    };
    return keys;
}

} // namespace playhead::config
