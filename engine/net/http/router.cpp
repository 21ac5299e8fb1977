#include "net/http/router.hpp"

#include "net/http/target.hpp"

namespace playhead::http {
namespace {

std::unexpected<Refusal> not_found(std::string message) {
    return std::unexpected(Refusal{404, "not_found", std::move(message), {}});
}

Expected<Route> of_room(Endpoint endpoint, std::string_view text) {
    auto id = RoomId::parse(text);
    if (!id) return std::unexpected(Refusal{400, "malformed", id.error().message, {}});
    return Route{endpoint, *std::move(id), {}};
}

std::string joined(const std::vector<std::string>& segments, std::size_t first) {
    std::string path;
    for (std::size_t i = first; i < segments.size(); ++i) {
        if (!path.empty()) path += '/';
        path += segments[i];
    }
    return path;
}

// Files whose name starts with a dot (.git, .env) are in a folder by accident, not to be read.
bool hidden(const std::vector<std::string>& segments) {
    for (const std::string& segment : segments) {
        if (segment.starts_with('.')) return true;
    }
    return false;
}

// The address alone, whatever the method: `room_list` stands for room_create too.
Expected<Route> place_of(const std::vector<std::string>& segments) {
    const auto is = [&segments](std::initializer_list<std::string_view> words) {
        return std::equal(segments.begin(), segments.end(), words.begin(), words.end());
    };
    if (is({"healthz"})) return Route{Endpoint::health, {}, {}};
    if (is({"readyz"})) return Route{Endpoint::ready, {}, {}};
    if (is({"metrics"})) return Route{Endpoint::metrics, {}, {}};
    if (is({"api", "v1", "time"})) return Route{Endpoint::time, {}, {}};
    if (is({"api", "v1", "rooms"})) return Route{Endpoint::room_list, {}, {}};
    if (is({"api", "v1", "admin", "overview"})) return Route{Endpoint::overview, {}, {}};
    if (is({"api", "v1", "admin", "plugins"})) return Route{Endpoint::plugin_list, {}, {}};
    if (is({"api", "v1", "admin", "plugins", "reload"})) return Route{Endpoint::plugin_reload, {}, {}};
    const std::string top = segments.empty() ? std::string{} : segments.front();
    if (top == "api") {
        const bool room = segments.size() >= 4 && segments[1] == "v1" && segments[2] == "rooms";
        if (room && segments.size() == 4) return of_room(Endpoint::room, segments[3]);
        if (room && segments.size() == 5 && segments[4] == "join") return of_room(Endpoint::room_join, segments[3]);
        const bool recording = segments.size() == 7 && segments[1] == "v1" && segments[2] == "admin" &&
                               segments[3] == "rooms" && segments[5] == "recording";
        if (recording && segments[6] == "start") return of_room(Endpoint::recording_start, segments[4]);
        if (recording && segments[6] == "stop") return of_room(Endpoint::recording_stop, segments[4]);
        return not_found("there is no such part of the API");
    }
    if (top == "ws") {
        if (segments.size() != 2) return not_found("a room's WebSocket is at /ws/{room}");
        return of_room(Endpoint::websocket, segments[1]);
    }
    if (hidden(segments)) return not_found("there is no such file");
    if (top == "media") return Route{Endpoint::media, {}, joined(segments, 1)};
    // The app of one page draws what is under /r/, and /admin; the address is for its own script to read.
    if (segments.empty() || top == "r" || is({"admin"})) return Route{Endpoint::page, {}, "index.html"};
    return Route{Endpoint::page, {}, joined(segments, 0)};
}

} // namespace

Expected<Route> route(std::string_view method, std::string_view target) {
    const auto segments = segments_of(target);
    if (!segments) return std::unexpected(segments.error());
    auto place = place_of(*segments);
    if (!place) return place;
    const bool rooms = place->endpoint == Endpoint::room_list;
    // These do something: never by a link.
    const bool order = place->endpoint == Endpoint::plugin_reload || place->endpoint == Endpoint::room_join ||
                       place->endpoint == Endpoint::recording_start || place->endpoint == Endpoint::recording_stop;
    if (!order && (method == "GET" || method == "HEAD")) return place;
    if (method == "POST" && order) return place;
    if (method == "POST" && rooms) return Route{Endpoint::room_create, {}, {}};
    if (method == "OPTIONS") return Route{Endpoint::preflight, {}, {}};
    const std::string_view allowed = order   ? "POST, OPTIONS"
                                     : rooms ? "GET, HEAD, POST, OPTIONS"
                                             : "GET, HEAD, OPTIONS";
    return std::unexpected(Refusal{
        405, "method_not_allowed", "this address takes no " + std::string{method}, {{"Allow", std::string{allowed}}}});
}

} // namespace playhead::http
