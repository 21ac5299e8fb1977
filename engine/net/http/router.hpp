#pragma once

#include "core/ids.hpp"
#include "net/http/message.hpp"

#include <optional>
#include <string>

namespace playhead::http {

enum class Endpoint {
    health,
    ready,
    metrics,
    time,
    room_list,
    room_create,
    room,
    room_join,
    overview,        // of the admin API
    plugin_list,     // of the admin API
    plugin_reload,   // of the admin API
    recording_start, // of the admin API
    recording_stop,  // of the admin API
    websocket,
    media, // a file of the media folder: `path`
    page,  // a file of the web root: `path`
    preflight
};

// Where a request goes. A value; holds all that was taken from the address.
struct Route {
    Endpoint endpoint = Endpoint::health;
    std::optional<RoomId> room;
    std::string path;
    bool operator==(const Route&) const = default;
};

// Looks at the method and the address only.
//   Errors: 400 for a bad address or room id, 404 for no such place, 405 with Allow, 414.
Expected<Route> route(std::string_view method, std::string_view target);

} // namespace playhead::http
