#include "lib/transport/join.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace playhead::client;

namespace {

const std::string key_a(43, 'A');
const std::string key_b = std::string(42, 'B') + "A";

std::string answer_with(const std::string& enet, const std::string& keys) {
    return R"({"connect_token":"c.cinema.x","expires_in_ms":30000,"clock_id":"1","enet":)" + enet + R"(,"keys":)" +
           keys + "}";
}
const std::string good_keys = R"({"client_to_engine":")" + key_a + R"(","engine_to_client":")" + key_b + R"("})";

ErrorCode code_of(int status, const std::string& body) {
    const auto joined = parse_join_answer({.status = status, .body = body});
    return joined ? ErrorCode::none : joined.error().code;
}

} // namespace

TEST_CASE("the request names the room and says only what there is to say") {
    const HttpRequest request = join_request(
        {.server = "http://h:1", .room = "cinema", .join_token = "j.cinema.\"x", .resume_token = {}, .device = "d"});
    CHECK(request.method == "POST");
    CHECK(request.target == "/api/v1/rooms/cinema/join");
    CHECK(request.body == R"({"token":"j.cinema.\"x","device":"d"})");
}

TEST_CASE("a good answer is taken") {
    const auto joined =
        parse_join_answer({.status = 200, .body = answer_with(R"({"port":8081,"sealed":false})", good_keys)});
    REQUIRE(joined);
    CHECK(joined->connect_token == "c.cinema.x");
    REQUIRE(joined->enet);
    CHECK(joined->enet->port == 8081);
    CHECK_FALSE(joined->enet->sealed);
    CHECK(joined->keys.client_to_engine == playhead::seal::Key{});
    CHECK(joined->keys.engine_to_client.bytes[0] == std::byte{0x04});
}

TEST_CASE("an engine without ENet gives a token for WebSocket") {
    const auto joined = parse_join_answer({.status = 200, .body = answer_with("null", good_keys)});
    REQUIRE(joined);
    CHECK_FALSE(joined->enet);
    CHECK(parse_join_answer({.status = 200, .body = R"({"connect_token":"c"})"}));
}

TEST_CASE("nonsense instead of an answer ends the attempt and says so") {
    for (const std::string& body :
         {std::string{}, std::string{"[]"}, std::string{"{"}, std::string{"{}"}, std::string{R"({"connect_token":5})"},
          std::string{R"({"connect_token":""})"}, R"({"connect_token":")" + std::string(600, 'x') + R"("})",
          answer_with(R"({"port":8081})", "null"),
          answer_with(R"({"port":8081})", R"({"client_to_engine":"A","engine_to_client":"B"})"),
          std::string(100'000, '[')}) {
        CAPTURE(body.substr(0, 100));
        CHECK(code_of(200, body) == ErrorCode::malformed);
    }
    // A port that is none is as good as no ENet.
    for (const char* enet :
         {"5", "{}", R"({"port":0})", R"({"port":70000})", R"({"port":-1})", R"({"port":"8081"})", R"({"port":1.5})"}) {
        const auto joined = parse_join_answer({.status = 200, .body = answer_with(enet, good_keys)});
        REQUIRE(joined);
        CHECK_FALSE(joined->enet);
    }
}

TEST_CASE("a refusal is told with its code, and with its patience") {
    const auto body = [](const std::string& code) { return R"({"error":{"code":")" + code + R"(","message":"no"}})"; };
    CHECK(code_of(403, body("token_wrong")) == ErrorCode::token_wrong);
    CHECK(code_of(403, body("banned")) == ErrorCode::banned);
    CHECK(code_of(404, body("room_unknown")) == ErrorCode::room_unknown);
    CHECK(code_of(500, body("something_new")) == ErrorCode::internal);
    CHECK(code_of(502, "<html>Bad Gateway</html>") == ErrorCode::unreachable);
    const auto limited = parse_join_answer({.status = 429, .body = body("rate_limited"), .retry_after_ms = 3'000});
    REQUIRE_FALSE(limited);
    CHECK(limited.error() ==
          Ending{.code = ErrorCode::rate_limited, .message = "no", .resumable = true, .retry_ms = 3'000});
}

TEST_CASE("keys are 32 bytes in base64url, in their one form") {
    CHECK(parse_key(key_a));
    CHECK(parse_key(std::string(42, '_') + "8"));
    CHECK_FALSE(parse_key(std::string(43, '_'))); // two bits too many
    CHECK_FALSE(parse_key(std::string(42, 'A')));
    CHECK_FALSE(parse_key(std::string(44, 'A')));
    CHECK_FALSE(parse_key(std::string(42, 'A') + "="));
    CHECK_FALSE(parse_key(std::string(42, 'A') + "+"));
}
