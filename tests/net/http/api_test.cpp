#include "net/http/api.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace playhead;
using namespace playhead::http;

namespace {

std::string refusal(std::string_view body) {
    const auto request = parse_room_request(body);
    return request ? "accepted" : std::to_string(request.error().status) + " " + request.error().message;
}

RoomSummary summary(std::string_view id, std::uint32_t viewers, bool listed = true) {
    return {*RoomId::parse(id), "Title", listed, viewers, "Film", listed ? "j.x.y" : ""};
}

} // namespace

TEST_CASE("[H4] a room is asked for with as much as one likes to say") {
    CHECK(parse_room_request("").has_value());
    CHECK(parse_room_request("{}").has_value());
    const auto request =
        parse_room_request(R"({"id":"film-night","title":"Film night \u2013 \ud83c\udfac","listed":true,)"
                           R"("media":{"kind":"hls","url":"https://x.example/a.m3u8","title":"A"}})");
    REQUIRE(request.has_value());
    CHECK(request->id == *RoomId::parse("film-night"));
    CHECK(request->title == "Film night – 🎬");
    CHECK(request->listed);
    CHECK_FALSE(request->permanent);
    REQUIRE(request->media.has_value());
    CHECK(request->media->kind == MediaKind::hls);
    CHECK(request->media->url == "https://x.example/a.m3u8");
    CHECK(request->media->title == "A");
}

TEST_CASE("[H4] null stands for a key that is left out") {
    const auto request = parse_room_request(R"({"id":null,"title":null,"listed":null,"media":null})");
    REQUIRE(request.has_value());
    CHECK_FALSE(request->id.has_value());
    CHECK_FALSE(request->media.has_value());
}

TEST_CASE("[H4] the refusal of a room names what is wrong with it") {
    CHECK(refusal("[]") == "400 the body must be a JSON object, not an array");
    CHECK(refusal("nonsense").starts_with("400 the body is not JSON"));
    CHECK(refusal("{\"title\":\"a\"} x").starts_with("400 the body is not JSON"));
    CHECK(refusal("{\"title\":\"\xff\"}").starts_with("400 the body is not JSON"));
    CHECK(refusal(R"({"title":7})") == "400 'title' must be a string, not a number");
    CHECK(refusal(R"({"listed":"yes"})") == "400 'listed' must be true or false, not a string");
    CHECK(refusal(R"({"media":"a.mp4"})") == "400 'media' must be an object, not a string");
    CHECK(refusal(R"({"titel":"a"})") == "400 unknown key 'titel'; known here: id, title, listed, media");
    CHECK(refusal(R"({"permanent":true})").starts_with("400 unknown key 'permanent'"));
    CHECK(refusal(R"({"id":"a b"})").starts_with("400 'id': "));
    CHECK(refusal(R"({"id":"../x"})").starts_with("400 'id': "));
    CHECK(refusal(R"({"media":{"url":"/media/a.mp4"}})").starts_with("400 'media.kind' must be one of"));
    CHECK(refusal(R"({"media":{"kind":"none","url":"/a"}})").starts_with("400 'media.kind' must be one of"));
    CHECK(refusal(R"({"media":{"kind":"file"}})") == "400 'media.url' is missing");
    CHECK(refusal(R"({"media":{"kind":"file","url":"/a","x":1}})") ==
          "400 unknown key 'media.x'; known here: kind, url, title");
    CHECK(refusal("{\"title\":\"" + std::string(RoomInfo::title_bytes_max + 1, 'a') + "\"}") ==
          "400 'title' must be at most 200 bytes of UTF-8, not 201");
}

TEST_CASE("[H4] JSON that is nested without end is refused before it hurts") {
    CHECK(refusal(std::string(4000, '[')).starts_with("400 the body is not JSON"));
    CHECK(refusal("{\"media\":" + std::string(8, '[') + std::string(8, ']') + "}").starts_with("400"));
}

TEST_CASE("[H3] a listed room shows its link, an unlisted one shows none of its secrets") {
    CHECK(room_json(summary("a", 2)) ==
          R"({"room":"a","title":"Title","viewers":2,"media_title":"Film",)"
          R"("link":"/r/a#j.x.y","listed":true,"join_token":"j.x.y","plugins":[],"recorded":false})");
    RoomSummary unlisted = summary("a", 2, false);
    unlisted.join_token = "j.secret";
    CHECK(
        room_json(unlisted) ==
        R"({"room":"a","title":"Title","viewers":2,"media_title":"Film","listed":false,"plugins":[],"recorded":false})");
}

TEST_CASE("[H3] a room shows which plugins it runs, with the hash of their code") {
    RoomSummary room = summary("a", 2, false);
    room.plugins = {{"chat", "1.0.0", "0a1b2c3d", false}, {"queue", "2.1.0-beta.1", "ffffffff", true}};
    CHECK(room_json(room).ends_with(
        R"("plugins":[{"name":"chat","version":"1.0.0","hash":"0a1b2c3d","suspended":false},)"
        R"({"name":"queue","version":"2.1.0-beta.1","hash":"ffffffff","suspended":true}],"recorded":false})"));
}

TEST_CASE("[H3] the list of rooms starts with the fullest and ends at its limit") {
    std::vector<RoomSummary> rooms;
    for (std::uint32_t n = 0; n < rooms_listed_max + 5; ++n) rooms.push_back(summary("r" + std::to_string(n), n));
    const std::string page = rooms_json(rooms);
    CHECK(page.starts_with(R"({"rooms":[{"room":"r204",)"));
    CHECK(page.find("\"r5\"") != std::string::npos);
    CHECK(page.find("\"r4\"") == std::string::npos);
    CHECK(rooms_json({}) == R"({"rooms":[]})");
}

TEST_CASE("[H4] who creates a room gets its link and both tokens") {
    CHECK(created_json({*RoomId::parse("a"), "j.a.x", "o.a.y"}) ==
          R"({"room":"a","link":"/r/a#j.a.x","join_token":"j.a.x","owner_token":"o.a.y"})");
}

TEST_CASE("[H12] who asks to join shows what there is, and hears what is wrong with it") {
    const auto request = parse_join_request(R"({"token":"j.a.x","resume_token":"r.a.y","device":"d"})");
    REQUIRE(request.has_value());
    CHECK(request->token == "j.a.x");
    CHECK(request->resume_token == "r.a.y");
    CHECK(request->device == "d");
    CHECK(request->address.empty());
    CHECK(parse_join_request("").has_value());
    const auto refused = [](std::string_view body) {
        const auto parsed = parse_join_request(body);
        return parsed ? "accepted" : parsed.error().message;
    };
    CHECK(refused("[1]") == "the body must be a JSON object, not an array");
    CHECK(refused(R"({"token":7})") == "'token' must be a string, not a number");
    CHECK(refused(R"({"join_token":"x"})") == "unknown key 'join_token'; known here: token, resume_token, device");
    CHECK(refused(R"({"address":"127.0.0.1"})").starts_with("unknown key 'address'"));
    CHECK(refused("{\"token\":\"" + std::string(513, 'a') + "\"}") ==
          "'token' must be at most 512 bytes of UTF-8, not 513");
    CHECK(refused("{\"device\":\"" + std::string(65, 'a') + "\"}").starts_with("'device' must be at most 64 bytes"));
}

TEST_CASE("[H12] a connect token comes with its keys and the way to ENet, if there is one") {
    IssuedToken token{"c.a.AAAA", std::chrono::seconds{30}, 18'446'744'073'709'551'615U, {}};
    token.keys.client_to_engine.bytes.fill(std::byte{0xff});
    const std::string keys = R"("keys":{"client_to_engine":")" + std::string(42, '_') + R"(8","engine_to_client":")" +
                             std::string(43, 'A') + R"("}})";
    CHECK(entrance_json({token}) ==
          R"({"connect_token":"c.a.AAAA","expires_in_ms":30000,"clock_id":"18446744073709551615","enet":null,)" + keys);
    CHECK(entrance_json({token, EnetFacts{8081, true}}).find(R"("enet":{"port":8081,"sealed":true},)") !=
          std::string::npos);
}

TEST_CASE("[H6] the time is told in microseconds, with a clock id that JavaScript keeps whole") {
    const auto now = ServerTime{std::chrono::milliseconds{1234}};
    CHECK(time_json(18'446'744'073'709'551'615U, now, TickLength{}) ==
          R"({"clock_id":"18446744073709551615","server_time_us":1234000,"tick":24,"tick_us":50000})");
}

TEST_CASE("[H8] the engine's refusals have the status that says whose turn it is") {
    CHECK(refusal_of({ErrorCode::room_unknown, "x"}).status == 404);
    CHECK(refusal_of({ErrorCode::room_full, "x"}).status == 503);
    CHECK(refusal_of({ErrorCode::draining, "x"}).status == 503);
    CHECK(refusal_of({ErrorCode::too_large, "x"}).status == 413);
    CHECK(refusal_of({ErrorCode::malformed, "x"}).status == 400);
    CHECK(refusal_of({ErrorCode::internal, "x"}).status == 500);
    for (const ErrorCode code : {ErrorCode::token_missing, ErrorCode::token_malformed})
        CHECK(refusal_of({code, "x"}).status == 400);
    for (const ErrorCode code :
         {ErrorCode::token_wrong, ErrorCode::token_foreign, ErrorCode::token_stale, ErrorCode::banned})
        CHECK(refusal_of({code, "x"}).status == 403);
    const Refusal limited = refusal_of({ErrorCode::rate_limited, "x", 1001});
    CHECK(limited == Refusal{429, "rate_limited", "x", {{"Retry-After", "2"}}});
}

TEST_CASE("[H8] a refusal is JSON whatever its sentence holds") {
    const Response response = refuse({400, "malformed", "a \"quote\" and <markup>\n", {{"Allow", "GET"}}});
    CHECK(response.status == 400);
    CHECK(response.body == R"({"error":{"code":"malformed","message":"a \"quote\" and <markup>\n"}})");
    const std::string header = header_of(response, false);
    CHECK(header.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    CHECK(header.find("\r\nAllow: GET\r\n") != std::string::npos);
    CHECK(header.find("\r\nX-Content-Type-Options: nosniff\r\n") != std::string::npos);
    CHECK(header.find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(header.ends_with("\r\n\r\n"));
}
