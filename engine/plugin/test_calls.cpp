#include "plugin/test_calls.hpp"

#include "plugin/lua_state.hpp"
#include "plugin/type.hpp"
#include "plugin/type_reading.hpp"

#include <cassert>
#include <map>

namespace playhead {
namespace {

// In the manifest's own words for types. `viewer` and `room` are put in by test_api.lua.
constexpr std::string_view signatures = R"lua(
local kind = { type = "one_of", values = { "file", "hls", "dash", "youtube", "vimeo", "twitch" }, optional = true }
local role = { type = "one_of", values = { "owner", "moderator", "host", "cohost", "member", "muted" } }
local seconds = "number:0..1000000000"
local unix = "number:0..100000000000"
local function per_plugin(of)
    return { type = "map", key = "text", of = of, max = 32, optional = true }
end
local function media(fields)
    for key, type in pairs({ kind = kind, url = "text?", title = "text?", start_s = seconds .. "?",
                             duration_s = seconds .. "?", play = "bool?" }) do
        fields[key] = type
    end
    return fields
end
return {
    open = {
        plugins = per_plugin("any"),
        media = { type = "record", fields = media({}), optional = true },
        durations_s = { type = "map", key = "text", of = seconds, max = 100, optional = true },
        wall_s = unix .. "?",
        lead_s = "number:0..10?",
        seed = "int:0..?",
        title = "text:0..200?",
    },
    reload = { plugins = per_plugin("any") },
    join = {
        name = "text?",
        roles = { type = "list", of = role, max = 6, optional = true },
        device = "text:1..64?",
    },
    play = { viewer = "viewer" },
    pause = { viewer = "viewer", seen_s = seconds .. "?" },
    seek = { viewer = "viewer", position_s = "number:-1000000000..1000000000" },
    set_rate = { viewer = "viewer", rate = "number:-1000..1000" },
    load = media({ viewer = "viewer" }),
    rename = { viewer = "viewer", name = "text" },
    command = { viewer = "viewer", plugin = "text", name = "text", args = "any?" },
    signal = { viewer = "viewer", plugin = "text", name = "text", args = "any?" },
    condition = { viewer = "viewer", stalled = "bool?", away = "bool?", blocked = "bool?" },
    leave = { viewer = "viewer" },
    lose = { viewer = "viewer" },
    ["return"] = { viewer = "viewer" },
    may = { viewer = "viewer", permission = "text" },
    gone = { viewer = "viewer" },
    viewer = { viewer = "viewer" },
    viewer_events = { viewer = "viewer", plugin = "text?" },
    shared = { viewer = "viewer?" },
    viewers = {},
    facts = {},
    ticks = { n = "int:0..2000000" },
    run = { seconds = "number:0..100000" },
    late = { n = "int:1..2000000" },
    wall = { unix_s = unix },
    events = { plugin = "text?" },
    errors = {},
    logs = {},
    bans = {},
    suspend = { plugin = "text" },
}
)lua";

std::map<std::string, Type, std::less<>> read_signatures() {
    const auto script = run_script(signatures, "signatures");
    assert(script && "our own script runs");
    ManifestReading reading;
    reading.file = "signatures";
    std::map<std::string, Type, std::less<>> types;
    for (const auto& [name, fields] : *script->get_if<Value::Map>())
        types.emplace(name, read_record(fields, name, reading));
    assert(reading.problems.empty() && "and says what it should");
    return types;
}

// What the author called, by the name that test_api.lua gives it.
std::string shown_name(std::string_view method) {
    if (method == "open") return "T.room";
    if (method == "return") return ":return_";
    if (method == "viewer_events") return ":events";
    return ":" + std::string{method};
}

} // namespace

std::expected<Value, std::string> checked_call(std::string_view method, Value args) {
    static const std::map<std::string, Type, std::less<>> types = read_signatures();
    const auto type = types.find(method);
    if (type == types.end()) return std::unexpected("there is no call \"" + std::string{method} + "\"");
    return checked(type->second, std::move(args), shown_name(method));
}

std::optional<std::int64_t> integer_of(const Value& args, std::string_view key) {
    const Value* value = args.find(key);
    const auto* integer = value == nullptr ? nullptr : value->get_if<std::int64_t>();
    return integer == nullptr ? std::nullopt : std::optional{*integer};
}

std::optional<double> number_of(const Value& args, std::string_view key) {
    const Value* value = args.find(key);
    if (value == nullptr) return std::nullopt;
    if (const auto* integer = value->get_if<std::int64_t>()) return static_cast<double>(*integer);
    const auto* number = value->get_if<double>();
    return number == nullptr ? std::nullopt : std::optional{*number};
}

std::optional<bool> flag_of(const Value& args, std::string_view key) {
    const Value* value = args.find(key);
    const auto* flag = value == nullptr ? nullptr : value->get_if<bool>();
    return flag == nullptr ? std::nullopt : std::optional{*flag};
}

std::string text_of(const Value& args, std::string_view key, std::string_view otherwise) {
    const Value* value = args.find(key);
    const auto* text = value == nullptr ? nullptr : value->get_if<std::string>();
    return text == nullptr ? std::string{otherwise} : *text;
}

} // namespace playhead
