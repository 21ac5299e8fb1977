#include "net/http/router.hpp"

#include <doctest/doctest.h>

#include <string>

using playhead::RoomId;
using playhead::http::Endpoint;
using playhead::http::route;
using playhead::http::Route;

namespace {

unsigned refusal(std::string_view method, std::string_view target) {
    const auto place = route(method, target);
    return place ? 0 : place.error().status;
}

} // namespace

TEST_CASE("[H1] every address of the API has its endpoint") {
    CHECK(route("GET", "/healthz") == Route{Endpoint::health, {}, {}});
    CHECK(route("HEAD", "/readyz?x") == Route{Endpoint::ready, {}, {}});
    CHECK(route("GET", "/metrics") == Route{Endpoint::metrics, {}, {}});
    CHECK(route("GET", "/api/v1/time") == Route{Endpoint::time, {}, {}});
    CHECK(route("GET", "/api/v1/rooms") == Route{Endpoint::room_list, {}, {}});
    CHECK(route("POST", "/api/v1/rooms") == Route{Endpoint::room_create, {}, {}});
    CHECK(route("GET", "/api/v1/rooms/demo") == Route{Endpoint::room, *RoomId::parse("demo"), {}});
    CHECK(route("POST", "/api/v1/rooms/demo/join") == Route{Endpoint::room_join, *RoomId::parse("demo"), {}});
    CHECK(route("GET", "/api/v1/admin/overview") == Route{Endpoint::overview, {}, {}});
    CHECK(route("GET", "/api/v1/admin/plugins") == Route{Endpoint::plugin_list, {}, {}});
    CHECK(route("POST", "/api/v1/admin/plugins/reload") == Route{Endpoint::plugin_reload, {}, {}});
    CHECK(route("POST", "/api/v1/admin/rooms/demo/recording/start") ==
          Route{Endpoint::recording_start, *RoomId::parse("demo"), {}});
    CHECK(route("POST", "/api/v1/admin/rooms/demo/recording/stop") ==
          Route{Endpoint::recording_stop, *RoomId::parse("demo"), {}});
    CHECK(route("GET", "/ws/demo") == Route{Endpoint::websocket, *RoomId::parse("demo"), {}});
}

TEST_CASE("[H1] pages come from the web root, media from the media folder, rooms from the app's one page") {
    CHECK(route("GET", "/") == Route{Endpoint::page, {}, "index.html"});
    CHECK(route("GET", "/r/demo") == Route{Endpoint::page, {}, "index.html"});
    CHECK(route("GET", "/r/any/thing") == Route{Endpoint::page, {}, "index.html"});
    CHECK(route("GET", "/admin") == Route{Endpoint::page, {}, "index.html"});
    CHECK(route("GET", "/admin.css") == Route{Endpoint::page, {}, "admin.css"});
    CHECK(route("GET", "/admin/x") == Route{Endpoint::page, {}, "admin/x"});
    CHECK(route("GET", "/assets/index-BsWqv3xY.js") == Route{Endpoint::page, {}, "assets/index-BsWqv3xY.js"});
    CHECK(route("GET", "/media/hls/a%20b.m4s") == Route{Endpoint::media, {}, "hls/a b.m4s"});
}

TEST_CASE("[H1] an address that is none is not found") {
    for (const std::string target :
         {"/api", "/api/v1", "/api/v2/rooms", "/api/v1/rooms/demo/x", "/api/v1/rooms/demo/join/x", "/api/v1/nothing",
          "/ws", "/ws/demo/x", "/.git/config", "/media/.hidden/demo.mp4", "/r/.env"}) {
        CAPTURE(target);
        CHECK(refusal("GET", target) == 404);
    }
}

TEST_CASE("[H1] a room id that cannot be one is malformed, wherever it stands") {
    const std::string too_long(65, 'a');
    for (const std::string& id : {std::string{"a%20b"}, std::string{"a.b"}, std::string{"caf%C3%A9"},
                                  std::string{"%3Cscript%3E"}, std::string{"a+b"}, too_long}) {
        CAPTURE(id);
        CHECK(refusal("GET", "/ws/" + id) == 400);
        CHECK(refusal("GET", "/api/v1/rooms/" + id) == 400);
        CHECK(refusal("POST", "/api/v1/rooms/" + id + "/join") == 400);
    }
}

TEST_CASE("[H1] another method is refused and told which ones there are") {
    for (const std::string method : {"PUT", "DELETE", "TRACE", "CONNECT", "BREW"}) {
        CAPTURE(method);
        CHECK(refusal(method, "/media/demo.mp4") == 405);
    }
    CHECK(refusal("POST", "/") == 405);
    CHECK(refusal("POST", "/api/v1/rooms/demo") == 405);
    CHECK(refusal("POST", "/ws/demo") == 405);
    CHECK(refusal("POST", "/admin") == 405);
    CHECK(refusal("POST", "/api/v1/admin/overview") == 405);
    const auto place = route("DELETE", "/api/v1/rooms");
    REQUIRE_FALSE(place.has_value());
    CHECK(place.error().fields == std::vector<playhead::http::Field>{{"Allow", "GET, HEAD, POST, OPTIONS"}});
    // What does something is never done by following a link.
    for (const std::string target : {"/api/v1/admin/plugins/reload", "/api/v1/rooms/demo/join"}) {
        const auto order = route("GET", target);
        REQUIRE_FALSE(order.has_value());
        CHECK(order.error().status == 405);
        CHECK(order.error().fields == std::vector<playhead::http::Field>{{"Allow", "POST, OPTIONS"}});
    }
}
