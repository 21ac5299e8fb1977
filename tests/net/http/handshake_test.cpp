#include "net/http/handshake.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace playhead::http;

namespace {

Request handshake() {
    Request request;
    request.method = "GET";
    request.target = "/ws/demo";
    request.fields = {{"Host", "party.example:8080"},
                      {"upgrade", "WebSocket"},
                      {"Connection", "keep-alive, Upgrade"},
                      {"Sec-WebSocket-Version", "13"},
                      {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                      {"Sec-WebSocket-Protocol", "other, playhead.v1"}};
    return request;
}

Request with(std::string_view name, std::string value) {
    Request request = handshake();
    std::erase_if(request.fields, [name](const Field& field) { return equal_ignoring_case(field.name, name); });
    request.fields.push_back({std::string{name}, std::move(value)});
    return request;
}

Request without(std::string_view name) {
    Request request = handshake();
    std::erase_if(request.fields, [name](const Field& field) { return equal_ignoring_case(field.name, name); });
    return request;
}

Request with_another(std::string_view name, std::string value) {
    Request request = handshake();
    request.fields.push_back({std::string{name}, std::move(value)});
    return request;
}

unsigned status_of(const Request& request, const std::vector<std::string>& allowed = {}) {
    const auto checked = check_handshake(request, allowed);
    return checked ? 101 : checked.error().status;
}

} // namespace

TEST_CASE("[H7] a handshake as browsers make it is accepted") {
    CHECK(status_of(handshake()) == 101);
    CHECK(status_of(with("Origin", "http://party.example:8080")) == 101);
}

TEST_CASE("[H7] what asks for no upgrade, or another version, is told what is needed") {
    CHECK(status_of(without("Upgrade")) == 426);
    CHECK(status_of(with("Upgrade", "h2c")) == 426);
    CHECK(status_of(with("Upgrade", "websocketx")) == 426);
    CHECK(status_of(without("Connection")) == 426);
    CHECK(status_of(with("Connection", "keep-alive")) == 426);
    CHECK(status_of(without("Sec-WebSocket-Version")) == 426);
    CHECK(status_of(with("Sec-WebSocket-Version", "8")) == 426);
    CHECK(status_of(with("Sec-WebSocket-Version", "13, 8")) == 426);
    CHECK(status_of(with_another("Sec-WebSocket-Version", "13")) == 426);
    Request old = handshake();
    old.version = 10;
    CHECK(status_of(old) == 426);
    const auto checked = check_handshake(without("Upgrade"), {});
    REQUIRE_FALSE(checked.has_value());
    CHECK(std::ranges::count(checked.error().fields, Field{"Upgrade", "websocket"}) == 1);
    CHECK(std::ranges::count(checked.error().fields, Field{"Sec-WebSocket-Version", "13"}) == 1);
}

TEST_CASE("[H7] a key that is not sixteen bytes in base64 is malformed") {
    CHECK(status_of(without("Sec-WebSocket-Key")) == 400);
    for (const std::string key :
         {"", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZWE=",
          "dGhlIHNhbXBsZSBub25!ZQ==", "dGhlIHNhbXBsZSBub25jZQ== x", "========================"}) {
        CAPTURE(key);
        CHECK(status_of(with("Sec-WebSocket-Key", key)) == 400);
    }
    CHECK(status_of(with_another("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")) == 400);
}

TEST_CASE("[H7] our subprotocol must be among those offered") {
    CHECK(status_of(without("Sec-WebSocket-Protocol")) == 400);
    CHECK(status_of(with("Sec-WebSocket-Protocol", "playhead.v2")) == 400);
    CHECK(status_of(with("Sec-WebSocket-Protocol", "xplayhead.v1, mqtt")) == 400);
}

TEST_CASE("[H7] subprotocols are compared letter for letter, in all lines there are") {
    CHECK(status_of(with("Sec-WebSocket-Protocol", "Playhead.V1")) == 400);
    CHECK(status_of(with_another("Sec-WebSocket-Protocol", "chat")) == 101);
    CHECK(status_of(with("Sec-WebSocket-Protocol", ",, playhead.v1 ,")) == 101);
    for (const std::string broken : {"playhead.v1, a b", "playhead.v1, \"chat\"", "playhead.v1, a/b",
                                     "caf\xe9, playhead.v1", "playhead.v1, a\tb", "playhead.v1, \x7f"}) {
        CAPTURE(broken);
        const auto checked = check_handshake(with("Sec-WebSocket-Protocol", broken), {});
        REQUIRE_FALSE(checked.has_value());
        CHECK(checked.error().code == "malformed");
    }
}

TEST_CASE("[H7] extensions are not agreed to, but have to be spelt") {
    for (const std::string fine : {"permessage-deflate; client_max_window_bits", "foo", "foo,bar;baz=1",
                                   " foo ; bar = \"b\\az\" , , qux ", "a;b;c;d=\"1\""}) {
        CAPTURE(fine);
        CHECK(status_of(with("Sec-WebSocket-Extensions", fine)) == 101);
    }
    for (const std::string broken : {"", ",", ";", "foo;", "foo;;bar", "foo; =1", "foo; bar=", "foo; bar=a=b", "foo=1",
                                     "foo bar", "foo; bar=\"\"", "foo; bar=\"", "foo; bar=\"b z\"", "foo; bar=\"b,c\"",
                                     "foo; bar=\"b;c\"", "foo; bar=\"b\\\"", "foo; bar=\"b\"c", "foo, b\xc3\xa4r"}) {
        CAPTURE(broken);
        CHECK(status_of(with("Sec-WebSocket-Extensions", broken)) == 400);
    }
    Request two = with("Sec-WebSocket-Extensions", "foo");
    CHECK(status_of(two) == 101);
    two.fields.push_back({"sec-websocket-extensions", "bar; baz"});
    CHECK(status_of(two) == 101);
    two.fields.push_back({"Sec-WebSocket-Extensions", ";"});
    CHECK(status_of(two) == 400);
}

TEST_CASE("[H7] a Host that names nobody is malformed") {
    CHECK(status_of(with("Host", "")) == 400);
    CHECK(status_of(with("Host", " ")) == 400);
}

TEST_CASE("[H7] a list may be spread over lines") {
    Request spread = with("Connection", "keep-alive");
    CHECK(status_of(spread) == 426);
    spread.fields.push_back({"Connection", "Upgrade"});
    spread.fields.insert(spread.fields.begin(), {"Upgrade", "h2c"});
    CHECK(status_of(spread) == 101);
}

TEST_CASE("[H7] a page of another origin may not join") {
    const std::vector<std::string> allowed{"https://friend.example"};
    CHECK(status_of(with("Origin", "https://evil.example")) == 403);
    CHECK(status_of(with("Origin", "null")) == 403);
    CHECK(status_of(with("Origin", "https://friend.example")) == 403);
    CHECK(status_of(with("Origin", "https://friend.example"), allowed) == 101);
    CHECK(status_of(with("Origin", "https://friend.example.evil.example"), allowed) == 403);
    Request two = with("Origin", "http://party.example:8080");
    two.fields.push_back({"Origin", "https://evil.example"});
    CHECK(status_of(two) == 403);
}

TEST_CASE("[H7] an origin is ours when its host and port are those that were asked for") {
    const auto ours = [](std::string_view origin, std::string_view host) { return origin_allowed(origin, host, {}); };
    CHECK(ours("", "party.example"));
    CHECK(ours("http://party.example", "party.example"));
    CHECK(ours("https://party.example", "party.example")); // behind a proxy that ends TLS
    CHECK(ours("https://party.example", "PARTY.example:443"));
    CHECK(ours("http://party.example", "party.example:80"));
    CHECK(ours("http://[::1]:8080", "[::1]:8080"));
    CHECK_FALSE(ours("http://party.example", "party.example:8080"));
    CHECK_FALSE(ours("https://party.example", "party.example:80"));
    CHECK_FALSE(ours("http://party.example:8080", "party.example"));
    CHECK_FALSE(ours("ftp://party.example", "party.example"));
    CHECK_FALSE(ours("http://", ""));
    CHECK_FALSE(ours("party.example", "party.example"));
    CHECK_FALSE(ours("http://party.example.evil", "party.example"));
}
