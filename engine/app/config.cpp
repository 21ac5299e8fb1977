#include "app/config.hpp"

#include "app/command_line.hpp"
#include "app/config_keys.hpp"
#include "app/config_table.hpp"
#include "app/shards.hpp"
#include "app/text_file.hpp"
#include "plugin/lua_state.hpp"

#include <algorithm>
#include <array>
#include <system_error>

namespace playhead {
namespace {

using namespace config;

constexpr std::array<std::string_view, 7> log_levels{"trace", "debug", "info", "warn", "error", "critical", "off"};

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

std::expected<void, std::string> set_admin_token(Config& config, const Value& value, Reading&) {
    constexpr std::size_t bytes_min = 16;
    constexpr std::size_t bytes_max = 256;
    const auto* token = value.get_if<std::string>();
    const bool good = token != nullptr &&
                      (token->empty() || (token->size() >= bytes_min && token->size() <= bytes_max)) &&
                      std::ranges::all_of(*token, [](char c) { return c > ' ' && c <= '~'; });
    // What was written is not repeated: it may be a secret with a slip in it.
    if (!good)
        return std::unexpected("expected text of 16 to 256 printable characters without blanks, or \"\" for none");
    config.admin_token = *token;
    return {};
}

std::expected<void, std::string> set_shards(Config& config, const Value& value, Reading&) {
    const auto* text = value.get_if<std::string>();
    const auto count = whole_number(value);
    const bool counted = count && *count >= 1 && *count <= std::int64_t{Shards::count_max};
    if (!counted && (text == nullptr || *text != "auto")) return as_expected();
    config.shards = counted ? std::optional{static_cast<std::size_t>(*count)} : std::nullopt;
    return {};
}

constexpr std::int64_t tick_rate_hz_max = 100;
constexpr Microseconds second{1'000'000};

const Keys<Config>& top_keys() {
    static const Keys<Config> keys{
        checked_key<Config>("listen", "\"HOST:PORT\"", "where browsers find it; port 0 takes any free one", set_listen,
                            get_listen),
        {"tls", "a table", "with it everything is HTTPS; renewed files are taken up while the engine runs; see below",
         read_tls, [](const Config& config) { return value_of(tls_keys(), config.http.tls); }},
        {"enet", "a table", "with it native clients may come over UDP; see below", read_enet,
         [](const Config& config) { return value_of(enet_keys(), config.enet); }},
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
        checked_key<Config>("shards", "\"auto\" or an integer from 1 to " + std::to_string(Shards::count_max),
                            "threads that rooms are spread over; \"auto\": one for each processor", set_shards,
                            [](const Config& config) {
                                return config.shards ? Value{static_cast<std::int64_t>(*config.shards)}
                                                     : Value{std::string{"auto"}};
                            }),
        boolean<Config>(
            "io_uring", [](auto& c) -> auto& { return c.io_uring; },
            "sends to a wide room's viewers go to the kernel in batches, where it allows that"),
        checked_key<Config>("log_level", alternatives(log_levels), "the least grave lines that are written",
                            set_log_level, [](const Config& config) { return Value{config.log_level}; }),
        checked_key<Config>(
            "admin_token", "text of 16 to 256 printable characters without blanks, or \"\" for none",
            "opens /admin: whoever has it may look into the engine and reload it over HTTP", set_admin_token,
            // A secret is not printed, lest it goes where the printed settings go.
            [](const Config& config) { return config.admin_token.empty() ? Value{std::string{}} : Value{}; }),
        {"record", "a folder's path, or a table",
         "with it rooms are recorded, to be replayed with playhead-replay; see below", read_recording,
         [](const Config& config) { return value_of(recording_keys(), config.recording); }},
        boolean<Config>(
            "connect_tokens_only", [](auto& c) -> auto& { return c.sessions.connect_tokens_only; },
            "links only get connect tokens, which are used once"),
        folder<Config>(
            "plugins_folder", [](auto& c) -> auto& { return c.plugins_folder; }, "where plugins are looked for"),
        {"plugins", "a table of plugins with their settings",
         "the rules of every room that does not say its own: { chat = { keep = 100 }, queue = {} }",
         [](Config& config, const Value& value, const std::string& path, Reading& reading) {
             reading.plugins_folder = config.plugins_folder;
             config.plugins = read_plugin_table(value, path, reading);
         },
         [](const Config& config) { return settings_of(config.plugins); }},
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
    for (const auto& key : tls_keys()) known.push_back("tls." + key.name);
    for (const auto& key : enet_keys()) known.push_back("enet." + key.name);
    for (const auto& key : recording_keys()) known.push_back("record." + key.name);
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
    const auto value = run_script(source, script.string());
    if (!value) throw ConfigError{value.error().message};
    if (value->is_nil()) {
        throw ConfigError{script.string() + ": expected the script to return a table of settings: return { listen = " +
                          "\"127.0.0.1:8080\", ... }"};
    }
    Reading reading{.script = script.string(),
                    .folder = std::filesystem::absolute(script).parent_path(),
                    .plugins_folder = {},
                    .known = known_keys(),
                    .problems = {}};
    Config config;
    read_table(top_keys(), config, *value, "", reading);
    check_together(config, reading);
    if (reading.problems.empty()) return config;
    std::string text;
    for (const std::string& problem : reading.problems) text += (text.empty() ? "" : "\n") + problem;
    throw ConfigError{text};
}

Config load_config(const std::filesystem::path& script) {
    std::error_code failed;
    if (!std::filesystem::exists(script, failed))
        throw ConfigError{"there is no config script '" + script.string() + "'"};
    const auto source = read_text_file(script, LuaLimits{}.source_bytes_max);
    if (!source)
        throw ConfigError{"'" + script.string() + "' " + source.error() +
                          "; expected a Lua script such as scripts/demo.lua"};
    return parse_config(*source, script);
}

std::string effective_config(const Config& config) {
    std::string text = "return {\n";
    for (const auto& key : top_keys()) {
        if (const Value value = key.get(config); !value.is_nil())
            text += "  " + key.name + " = " + to_lua(value, 1) + ", -- " + key.description + "\n";
    }
    if (!config.admin_token.empty()) text += "  -- admin_token is set; secrets are not printed\n";
    text += "  limits = " + print_table(limit_keys(), config, 1) + ",\n  rooms = {\n";
    for (const RoomRequest& room : config.rooms) text += "    " + print_table(room_keys(), room, 2) + ",\n";
    return text + "  },\n}\n";
}

std::string config_reference() {
    const Config defaults;
    return reference_rows(top_keys(), defaults) + "\n`tls`:\n\n" + reference_rows(tls_keys(), tls::Files{}) +
           "\n`enet`:\n\n" + reference_rows(enet_keys(), enet::Settings{}) + "\n`record`:\n\n" +
           reference_rows(recording_keys(), RecordingSettings{}) + "\n`limits`:\n\n" +
           reference_rows(limit_keys(), defaults) + "\nEach of `rooms`:\n\n" +
           reference_rows(room_keys(), RoomRequest{}) + "\n`media` of a room:\n\n" +
           reference_rows(media_keys(), Load{});
}

} // namespace playhead
