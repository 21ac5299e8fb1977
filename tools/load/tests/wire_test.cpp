#include "wire.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <span>

using namespace playhead;
using namespace playhead::load;

namespace {

Bytes bytes_of(std::initializer_list<int> values) {
    Bytes bytes;
    for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
    return bytes;
}

} // namespace

TEST_CASE("what the engine's frames are is read back, whole or not yet") {
    for (const std::size_t size : {0U, 1U, 125U, 126U, 65'535U, 65'536U}) {
        CAPTURE(size);
        const Frame frame(Bytes(size, std::byte{7}));
        const auto read = first_frame(frame.wire());
        REQUIRE(read.has_value());
        REQUIRE(read->has_value());
        CHECK((*read)->opcode == Opcode::binary);
        CHECK((*read)->payload.size() == size);
        CHECK((*read)->bytes == frame.wire().size());
        for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, frame.wire().size() - 1}) {
            const auto part = first_frame(frame.wire().first(cut));
            REQUIRE(part.has_value());
            CHECK_FALSE(part->has_value());
        }
    }
}

TEST_CASE("what no server of ours may say is refused") {
    for (const auto& wrong : {bytes_of({0xc2, 0}), bytes_of({0x82, 0x80}), bytes_of({0x02, 0}), bytes_of({0x80, 0}),
                              bytes_of({0x82, 127, 0, 0, 0, 0, 1, 0, 0, 0})})
        CHECK_FALSE(first_frame(wrong).has_value());
}

TEST_CASE("the engine's decoder takes our frames and finds what we meant") {
    const websocket::FrameDecoder::Limits limits;
    for (const std::size_t size : {0U, 5U, 126U, 16'000U}) {
        CAPTURE(size);
        Bytes payload(size, std::byte{0x5a});
        Bytes frame = client_frame(Opcode::binary, payload, 0x01'80'ff'33);
        websocket::FrameDecoder decoder(limits);
        std::span<std::byte> input(frame);
        const auto step = decoder.next(input, {});
        REQUIRE(step.kind == websocket::FrameDecoder::Kind::message);
        CHECK(Bytes(step.payload.begin(), step.payload.end()) == payload);
        CHECK(input.empty());
    }
}

TEST_CASE("a server agrees with 101, and nothing else") {
    const std::string agreed = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
    CHECK(agreed_head_bytes(agreed + "more") == agreed.size());
    const auto part = agreed_head_bytes("HTTP/1.1 101 Sw");
    REQUIRE(part.has_value());
    CHECK_FALSE(part->has_value());
    const auto refused = agreed_head_bytes("HTTP/1.1 503 Service Unavailable\r\n\r\n");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().why == "HTTP/1.1 503 Service Unavailable");
    CHECK_FALSE(refused.error().retry_after.has_value());
    CHECK_FALSE(agreed_head_bytes(std::string(20'000, 'x')).has_value());
}

TEST_CASE("a server that does not agree may say when to ask again") {
    const auto after = [](const std::string& fields) {
        return agreed_head_bytes("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n" + fields + "\r\n")
            .error()
            .retry_after;
    };
    CHECK(after("Retry-After: 7\r\nConnection: close\r\n") == std::chrono::seconds(7));
    CHECK(after("Retry-After: 7\r\n") == std::chrono::seconds(7));
    CHECK_FALSE(after("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n").has_value());
    CHECK_FALSE(after("").has_value());
}

TEST_CASE("a server's answer is there once it has come whole") {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n";
    const std::string answer = head + "{}";
    for (std::size_t size = 0; size < answer.size(); ++size) {
        const auto part = whole_reply(std::string_view(answer).substr(0, size));
        REQUIRE(part.has_value());
        CHECK_FALSE(part->has_value());
    }
    const auto whole = whole_reply(answer);
    REQUIRE((whole.has_value() && whole->has_value()));
    CHECK((*whole)->status == 200);
    CHECK((*whole)->body == "{}");
    CHECK_FALSE((*whole)->retry_after.has_value());
    const auto busy = whole_reply("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
    REQUIRE((busy.has_value() && busy->has_value()));
    CHECK((*busy)->status == 429);
    CHECK((*busy)->retry_after == std::chrono::seconds(7));
    // No engine says these.
    CHECK_FALSE(whole_reply("HTTP/1.1 200 OK\r\n\r\n").has_value());
    CHECK_FALSE(whole_reply("HTTP/1.1 200 OK\r\nContent-Length: 4000000000\r\n\r\n").has_value());
    CHECK_FALSE(whole_reply("SSH-2.0\r\nContent-Length: 0\r\n\r\n").has_value());
    CHECK_FALSE(whole_reply("HTTP/1.1\r\nContent-Length: 0\r\n\r\n").has_value());
    CHECK_FALSE(whole_reply(std::string(20'000, 'x')).has_value());
}

TEST_CASE("a request to join says how long its body is") {
    const auto request = post_request("127.0.0.1:8080", "/api/v1/rooms/demo/join", "{}");
    CHECK(request.starts_with("POST /api/v1/rooms/demo/join HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"));
    CHECK(request.ends_with("Content-Length: 2\r\n\r\n{}"));
}

TEST_CASE("a request names the room and the subprotocol") {
    const auto request = upgrade_request("127.0.0.1:8080", "/ws/demo", "playhead.v1");
    CHECK(request.starts_with("GET /ws/demo HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"));
    CHECK(request.find("Sec-WebSocket-Protocol: playhead.v1\r\n") != std::string::npos);
    CHECK(request.ends_with("\r\n\r\n"));
    CHECK(upgrade_request("a:1", "/", "").find("Protocol") == std::string::npos);
}
