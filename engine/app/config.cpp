#include "app/config.hpp"

#include "app/command_line.hpp"
#include "app/config_table.hpp"
#include "plugin/lua_state.hpp"
#include "room/media.hpp"
#include "room/state.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <system_error>

namespace playhead {
namespace {

using namespace config;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::array<std::string_view, 7> log_levels{"trace", "debug", "info", "warn", "error", "critical", "off"};
constexpr std::array<std::pair<std::string_view, MediaKind>, 6> media_kinds{{{"file", MediaKind::file},
                                                                             {"hls", MediaKind::hls},
                                                                             {"dash", MediaKind::dash},
                                                                             {"youtube", MediaKind::youtube},
                                                                             {"vimeo", MediaKind::vimeo},
                                                                             {"twitch", MediaKind::twitch}}};

template <class Names, class Name>
std::string alternatives(const Names& names, Name name) {
    std::string text;
    for (const auto& one : names) text += (text.empty() ? "one of \"" : "\", \"") + std::string{name(one)};
    return text + "\"";
}

// ---- one room of `rooms`

const Keys<Load>& media_keys() {
    static const Keys<Load> keys{
        checked_key<Load>(
            "kind", alternatives(media_kinds, [](const auto& kind) { return kind.first; }), "what plays it",
            [](Load& load, const Value& value, Reading&) -> std::expected<void, std::string> {
                const auto* name = value.get_if<std::string>();
                const auto kind = name == nullptr ? media_kinds.end()
                                                  : std::ranges::find(media_kinds, *name,
                                                                      &std::pair<std::string_view, MediaKind>::first);
                if (kind == media_kinds.end()) return as_expected();
                load.kind = kind->second;
                return {};
            },
            [](const Load& load) {
                const auto kind =
                    std::ranges::find(media_kinds, load.kind, &std::pair<std::string_view, MediaKind>::second);
                return kind == media_kinds.end() ? Value{} : Value{std::string{kind->first}};
            }),
        text<Load>(
            "url", [](auto& load) -> auto& { return load.url; }, Load::url_bytes_max,
            "http(s)://..., or /media/... for a file of media_folder"),
        text<Load>(
            "title", [](auto& load) -> auto& { return load.title; }, Load::title_bytes_max, "shown to viewers"),
    };
    return keys;
}

const Keys<RoomRequest>& room_keys() {
    static const Keys<RoomRequest> keys{
        checked_key<RoomRequest>(
            "id", "1 to 64 of A-Z a-z 0-9 - _", "names the room in its link, /r/ID; required",
            [](RoomRequest& room, const Value& value, Reading&) -> std::expected<void, std::string> {
                const auto* name = value.get_if<std::string>();
                if (name == nullptr) return as_expected();
                auto id = RoomId::parse(*name);
                if (!id) return std::unexpected(id.error().message);
                room.id = std::move(*id);
                return {};
            },
            [](const RoomRequest& room) { return room.id ? Value{room.id->text()} : Value{}; }),
        text<RoomRequest>(
            "title", [](auto& room) -> auto& { return room.title; }, RoomInfo::title_bytes_max, "shown to viewers"),
        boolean<RoomRequest>(
            "listed", [](auto& room) -> auto& { return room.listed; },
            "shown to everyone on the first page; otherwise its link is printed at start"),
        {"media", "a table", "what is loaded when the engine starts",
         [](RoomRequest& room, const Value& value, const std::string& path, Reading& reading) {
             Load load;
             const std::size_t problems = reading.problems.size();
             read_table(media_keys(), load, value, path, reading);
             if (reading.problems.size() > problems) return;
             auto good = checked(load); // the room's own rules
             if (!good) {
                 reading.refuse(path, good.error().message);
                 return;
             }
             room.media = std::move(*good);
         },
         [](const RoomRequest& room) {
             if (!room.media) return Value{};
             Value::Map map;
             for (const auto& key : media_keys()) map.push_back({key.name, key.get(*room.media)});
             std::ranges::sort(map, {}, &Value::Entry::key);
             return Value{std::move(map)};
         }},
    };
    return keys;
}

void read_rooms(Config& config, const Value& value, const std::string& path, Reading& reading) {
    const auto* list = value.get_if<Value::List>();
    if (list == nullptr) {
        reading.refuse(path, "expected a list of rooms, { { id = ... }, ... }, not " + shown(value));
        return;
    }
    std::set<std::string> ids;
    for (std::size_t i = 0; i < list->size(); ++i) {
        const std::string here = path + "[" + std::to_string(i + 1) + "]";
        RoomRequest room;
        room.permanent = true;
        read_table(room_keys(), room, (*list)[i], here, reading);
        if (room.id && !ids.insert(room.id->text()).second)
            reading.refuse(here + ".id", "there is a room \"" + room.id->text() + "\" already");
        if ((*list)[i].get_if<Value::Map>() != nullptr && (*list)[i].find("id") == nullptr)
            reading.refuse(here + ".id", "missing: expected 1 to 64 of A-Z a-z 0-9 - _");
        config.rooms.push_back(std::move(room));
    }
}

// ---- limits

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
    };
    return keys;
}

// ---- the top

std::expected<void, std::string> set_listen(Config& config, const Value& value, Reading&) {
    const auto* text = value.get_if<std::string>();
    if (text == nullptr) return as_expected();
    auto address = parse_listen_address(*text);
    if (!address) return std::unexpected(address.error());
    config.http.host = std::move(address->host);
    config.http.port = address->port;
    return {};
}

Value get_listen(const Config& config) {
    const bool v6 = config.http.host.contains(':');
    return Value{(v6 ? "[" + config.http.host + "]" : config.http.host) + ":" + std::to_string(config.http.port)};
}

// As browsers write it: scheme, host, a port if it is not the usual one, nothing behind (RFC 6454 section 6.2).
bool is_origin(std::string_view text) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!text.starts_with(scheme)) continue;
        const std::string_view host = text.substr(scheme.size());
        return !host.empty() && std::ranges::all_of(host, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':' || c == '[' ||
                   c == ']';
        });
    }
    return false;
}

std::expected<void, std::string> set_origins(Config& config, const Value& value, Reading&) {
    const auto* list = value.get_if<Value::List>();
    if (list == nullptr) return as_expected();
    std::vector<std::string> origins;
    for (const Value& item : *list) {
        const auto* origin = item.get_if<std::string>();
        if (origin == nullptr || !is_origin(*origin)) {
            return std::unexpected(
                "expected origins such as \"https://example.org\" (in lower case, nothing behind the host), not " +
                shown(item));
        }
        origins.push_back(*origin);
    }
    config.http.allowed_origins = std::move(origins);
    return {};
}

std::expected<void, std::string> set_log_level(Config& config, const Value& value, Reading&) {
    const auto* name = value.get_if<std::string>();
    if (name == nullptr || std::ranges::find(log_levels, *name) == log_levels.end()) return as_expected();
    config.log_level = *name;
    return {};
}

constexpr std::int64_t tick_rate_hz_max = 100;
constexpr Microseconds second{1'000'000};

const Keys<Config>& top_keys() {
    static const Keys<Config> keys{
        checked_key<Config>("listen", "\"HOST:PORT\"", "where browsers find it; port 0 takes any free one", set_listen,
                            get_listen),
        folder<Config>(
            "web_root", [](auto& c) -> auto& { return c.http.web_root; }, "the built web app, clients/web/dist"),
        folder<Config>(
            "media_folder", [](auto& c) -> auto& { return c.http.media_folder; }, "served under /media/"),
        checked_key<Config>("allowed_origins", "a list of origins such as \"https://example.org\"",
                            "pages of other sites that may join rooms here", set_origins,
                            [](const Config& config) {
                                Value::List list;
                                for (const std::string& origin : config.http.allowed_origins) list.emplace_back(origin);
                                return Value{std::move(list)};
                            }),
        checked_key<Config>(
            "tick_rate_hz", "an integer from 1 to " + std::to_string(tick_rate_hz_max) + " (per second)",
            "steps of the simulation; state goes out at most this often",
            [](Config& config, const Value& value, Reading&) -> std::expected<void, std::string> {
                const auto rate = whole_number(value);
                if (!rate || *rate < 1 || *rate > tick_rate_hz_max) return as_expected();
                config.tick_length = TickLength{second / *rate};
                return {};
            },
            [](const Config& config) { return Value{std::int64_t{second / config.tick_length.value}}; }),
        checked_key<Config>("log_level", alternatives(log_levels, [](std::string_view level) { return level; }),
                            "the least grave lines that are written", set_log_level,
                            [](const Config& config) { return Value{config.log_level}; }),
        {"limits", "a table", "see below",
         [](Config& config, const Value& value, const std::string& path, Reading& reading) {
             read_table(limit_keys(), config, value, path, reading);
         },
         [](const Config&) { return Value{}; }},
        {"rooms", "a list of tables", "rooms that are there from the start and stay", read_rooms,
         [](const Config&) { return Value{}; }},
    };
    return keys;
}

void check_together(const Config& config, Reading& reading) {
    // A viewer that reports as told, and loses one report, must not be taken for dead.
    if (config.sessions.silence_timeout < 3 * config.sessions.report_interval)
        reading.refuse("limits.silence_timeout_s", "must be at least three times limits.report_interval_ms");
    if (config.rooms.size() > config.sessions.rooms_max)
        reading.refuse("rooms", "has " + std::to_string(config.rooms.size()) + " rooms, more than limits.rooms_max");
}

std::vector<std::string> known_keys() {
    std::vector<std::string> known;
    for (const auto& key : top_keys()) known.push_back(key.name);
    for (const auto& key : limit_keys()) known.push_back("limits." + key.name);
    for (const auto& key : room_keys()) known.push_back("rooms[]." + key.name);
    for (const auto& key : media_keys()) known.push_back("rooms[].media." + key.name);
    return known;
}

template <class Target>
std::string reference_rows(const Keys<Target>& keys, const Target& defaults) {
    std::string text = "| key | expected | default | |\n|---|---|---|---|\n";
    for (const auto& key : keys) {
        const Value value = key.get(defaults);
        text += "| `" + key.name + "` | " + key.expected + " | " + (value.is_nil() ? "" : "`" + to_lua(value) + "`") +
                " | " + key.description + " |\n";
    }
    return text;
}

} // namespace

Config parse_config(std::string_view source, const std::filesystem::path& script) {
    const auto fail = [&](const std::vector<std::string>& problems) -> ConfigError {
        std::string text;
        for (const std::string& problem : problems)
            text += (text.empty() ? "" : "\n") + script.string() + ": " + problem;
        return ConfigError{text};
    };
    const auto value = run_script(source, script.string());
    if (!value) throw ConfigError{value.error().message};
    if (value->is_nil())
        throw fail({"expected the script to return a table of settings: return { listen = \"127.0.0.1:8080\", ... }"});
    Reading reading{.folder = std::filesystem::absolute(script).parent_path(), .known = known_keys(), .problems = {}};
    Config config;
    read_table(top_keys(), config, *value, "", reading);
    check_together(config, reading);
    if (!reading.problems.empty()) throw fail(reading.problems);
    return config;
}

Config load_config(const std::filesystem::path& script) {
    std::error_code failed;
    if (!std::filesystem::exists(script, failed))
        throw ConfigError{"there is no config script '" + script.string() + "'"};
    if (!std::filesystem::is_regular_file(script, failed))
        throw ConfigError{"'" + script.string() + "' is not a file; expected a Lua script such as scripts/demo.lua"};
    std::ifstream file{script, std::ios::binary};
    std::string source(LuaLimits{}.source_bytes_max + 1, '\0'); // one more, so that too long is seen to be
    file.read(source.data(), static_cast<std::streamsize>(source.size()));
    if (file.bad() || (!file && !file.eof())) throw ConfigError{"'" + script.string() + "' cannot be read"};
    source.resize(static_cast<std::size_t>(file.gcount()));
    return parse_config(source, script);
}

std::string effective_config(const Config& config) {
    std::string text = "return {\n";
    for (const auto& key : top_keys()) {
        if (const Value value = key.get(config); !value.is_nil())
            text += "  " + key.name + " = " + to_lua(value, 1) + ", -- " + key.description + "\n";
    }
    text += "  limits = " + print_table(limit_keys(), config, 1) + ",\n  rooms = {\n";
    for (const RoomRequest& room : config.rooms) text += "    " + print_table(room_keys(), room, 2) + ",\n";
    return text + "  },\n}\n";
}

std::string config_reference() {
    const Config defaults;
    return reference_rows(top_keys(), defaults) + "\n`limits`:\n\n" + reference_rows(limit_keys(), defaults) +
           "\nEach of `rooms`:\n\n" + reference_rows(room_keys(), RoomRequest{}) + "\n`media` of a room:\n\n" +
           reference_rows(media_keys(), Load{});
}

} // namespace playhead
