#include "replication/decode.hpp"
#include "replication/encode.hpp"
#include "vectors/wire_vectors.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace playhead::test;
using namespace std::chrono_literals;

namespace {

template <class Message>
Message server_example(std::string_view wanted) {
    for (const auto& [name, message] : server_examples()) {
        if (name == wanted) return std::get<Message>(message);
    }
    FAIL("no example " << wanted);
    return {};
}

ErrorCode refusal(const ClientMessage& message) {
    const auto decoded = decode_client(encode(message));
    if (decoded) return ErrorCode::none;
    CHECK_FALSE(decoded.error().message.empty());
    return decoded.error().code;
}

ErrorCode refusal(const ServerMessage& message) {
    const auto decoded = decode_server(encode(message).payload());
    if (decoded) return ErrorCode::none;
    CHECK_FALSE(decoded.error().message.empty());
    return decoded.error().code;
}

} // namespace

TEST_CASE("[W4] text that is not UTF-8 is refused wherever it stands") {
    const std::string bad = "a\xFF";
    Hello hello{.protocol_min = 1, .protocol_max = 1, .room = "demo"};
    CHECK(refusal(hello) == ErrorCode::none);
    for (std::string Hello::* field :
         {&Hello::room, &Hello::join_token, &Hello::resume_token, &Hello::name, &Hello::client, &Hello::device}) {
        Hello broken = hello;
        broken.*field = bad;
        CHECK(refusal(broken) == ErrorCode::malformed);
    }
    CHECK(refusal(ClientCommand{.action = SetName{.name = bad}}) == ErrorCode::malformed);
    CHECK(refusal(ClientCommand{.action = Load{.url = bad}}) == ErrorCode::malformed);
    CHECK(refusal(ClientCommand{.action = Load{.url = "/a", .title = bad}}) == ErrorCode::malformed);
    CHECK(refusal(ClientCommand{.action = PluginCommand{.plugin = bad}}) == ErrorCode::malformed);
    CHECK(refusal(ClientCommand{.action = PluginCommand{.name = bad}}) == ErrorCode::malformed);
    CHECK(refusal(ClientCommand{.action = PluginCommand{.args = Value{bad}}}) == ErrorCode::malformed);
    CHECK(refusal(ClientSignal{.plugin = bad, .name = {}, .args = {}}) == ErrorCode::malformed);
    CHECK(refusal(ClientSignal{.plugin = {}, .name = bad, .args = {}}) == ErrorCode::malformed);
    CHECK(refusal(ClientSignal{.plugin = {}, .name = {}, .args = Value{bad}}) == ErrorCode::malformed);

    auto snapshot = server_example<Snapshot>("snapshot");
    snapshot.fields.viewers.back().name = bad;
    CHECK(refusal(snapshot) == ErrorCode::malformed);
    auto goodbye = server_example<Goodbye>("goodbye");
    goodbye.error.message = bad;
    CHECK(refusal(goodbye) == ErrorCode::malformed);
}

TEST_CASE("[W4] text longer than its limit is refused, at its limit it is taken") {
    const auto hello = [](std::string Hello::* field, std::size_t bytes) {
        Hello value{.protocol_min = 1, .protocol_max = 1};
        value.*field = std::string(bytes, 'x');
        return refusal(value);
    };
    CHECK(hello(&Hello::room, RoomId::length_max) == ErrorCode::none);
    CHECK(hello(&Hello::room, RoomId::length_max + 1) == ErrorCode::too_large);
    CHECK(hello(&Hello::join_token, Hello::token_bytes_max) == ErrorCode::none);
    CHECK(hello(&Hello::join_token, Hello::token_bytes_max + 1) == ErrorCode::too_large);
    CHECK(hello(&Hello::resume_token, Hello::token_bytes_max + 1) == ErrorCode::too_large);
    CHECK(hello(&Hello::client, Hello::client_bytes_max) == ErrorCode::none);
    CHECK(hello(&Hello::client, Hello::client_bytes_max + 1) == ErrorCode::too_large);
    CHECK(hello(&Hello::device, Hello::device_bytes_max) == ErrorCode::none);
    CHECK(hello(&Hello::device, Hello::device_bytes_max + 1) == ErrorCode::too_large);
    const std::string longest(PluginCommand::name_bytes_max, 'x');
    CHECK(refusal(ClientCommand{.action = PluginCommand{.plugin = longest, .name = longest, .args = {}}}) ==
          ErrorCode::none);
    CHECK(refusal(ClientCommand{.action = PluginCommand{.plugin = longest + 'x', .name = {}, .args = {}}}) ==
          ErrorCode::too_large);
    CHECK(refusal(ClientSignal{.plugin = {}, .name = longest + 'x', .args = {}}) == ErrorCode::too_large);
}

TEST_CASE("[W1] a message longer than its limit is refused before it is read") {
    const Bytes client(client_message_bytes_max + 1);
    CHECK(decode_client(client).error().code == ErrorCode::too_large);
    const Bytes server(server_message_bytes_max + 1);
    CHECK(decode_server(server).error().code == ErrorCode::too_large);
    CHECK(refusal(ClientCommand{.action = SetName{.name = std::string(client_message_bytes_max, 'x')}}) ==
          ErrorCode::too_large);
}

TEST_CASE("[W5] positions and times outside a century are refused") {
    for (const Microseconds bad : {Microseconds{-2}, Microseconds::min(), time_max + 1us, Microseconds::max()}) {
        CAPTURE(bad.count());
        CHECK(refusal(ClientCommand{.position_seen = bad, .action = Pause{}}) == ErrorCode::out_of_range);
        CHECK(refusal(Report{.duration = bad}) == ErrorCode::out_of_range);
        auto snapshot = server_example<Snapshot>("snapshot");
        snapshot.fields.motion->current.anchor_position = bad;
        CHECK(refusal(snapshot) == ErrorCode::out_of_range);
        snapshot = server_example<Snapshot>("snapshot");
        snapshot.fields.motion->pending->anchor_position = bad;
        CHECK(refusal(snapshot) == ErrorCode::out_of_range);
        snapshot = server_example<Snapshot>("snapshot");
        snapshot.fields.media->duration = bad;
        CHECK(refusal(snapshot) == ErrorCode::out_of_range);
        CHECK(refusal(Pong{.t1 = ServerTime{bad}}) == ErrorCode::out_of_range);
        CHECK(refusal(Pong{.t2 = ServerTime{bad}}) == ErrorCode::out_of_range);
        CHECK(refusal(Beacon{.server_time = ServerTime{bad}}) == ErrorCode::out_of_range);
        CHECK(refusal(Event{.kind = EventKind::played, .position = bad}) == ErrorCode::out_of_range);
        auto delta = server_example<Delta>("delta_pause");
        delta.sent_at = ServerTime{bad};
        CHECK(refusal(delta) == ErrorCode::out_of_range);
    }
    CHECK(refusal(ClientCommand{.position_seen = time_max, .action = Pause{}}) == ErrorCode::none);
}

TEST_CASE("[W5] a client whose clock is wild is heard: when it acted is clamped") {
    for (const auto& [said, taken] :
         {std::pair{Microseconds::min(), 0us}, {Microseconds::max(), time_max}, {-1us, 0us}}) {
        const auto decoded = decode_client(encode(ClientCommand{.issued_at = ServerTime{said}, .action = Play{}}));
        REQUIRE(decoded);
        CHECK(std::get<ClientCommand>(*decoded).issued_at == ServerTime{taken});
    }
}

TEST_CASE("[W6] arguments of commands are handed on: the room answers them") {
    for (const std::int64_t wild :
         {std::int64_t{-1}, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
        CHECK(refusal(ClientCommand{.action = Seek{.to = MediaTime{wild}}}) == ErrorCode::none);
        CHECK(refusal(ClientCommand{.action = SetRate{.rate = Rate{static_cast<std::int32_t>(wild)}}}) ==
              ErrorCode::none);
        CHECK(refusal(ClientCommand{.action = Load{.kind = MediaKind::none, .url = "", .start = MediaTime{wild}}}) ==
              ErrorCode::none);
    }
}

TEST_CASE("[W3] values that no enum has are refused") {
    CHECK(refusal(ClientCommand{.action = Load{.kind = static_cast<MediaKind>(7)}}) == ErrorCode::malformed);
    CHECK(refusal(Event{.kind = static_cast<EventKind>(7)}) == ErrorCode::malformed);
    CHECK(refusal(Event{.kind = EventKind::none}) == ErrorCode::malformed);
    CHECK(refusal(Reply{.verdict = static_cast<Verdict>(3)}) == ErrorCode::malformed);
    CHECK(refusal(Reply{.error = {.code = static_cast<ErrorCode>(30), .message = ""}}) == ErrorCode::malformed);
    CHECK(refusal(Goodbye{.error = {.code = static_cast<ErrorCode>(0xFFFF), .message = ""}}) == ErrorCode::malformed);
    auto snapshot = server_example<Snapshot>("snapshot");
    snapshot.fields.media->kind = static_cast<MediaKind>(255);
    CHECK(refusal(snapshot) == ErrorCode::malformed);
}

TEST_CASE("[W7] flags that came later mean nothing here") {
    const auto decoded = decode_client(encode(Report{.flags = 0xFF}));
    REQUIRE(decoded);
    CHECK(std::get<Report>(*decoded).flags == 0x0F);
}

TEST_CASE("a hello whose versions are upside down is refused") {
    CHECK(refusal(Hello{.protocol_min = 2, .protocol_max = 1}) == ErrorCode::malformed);
}

TEST_CASE("[W8] a snapshot without one of its fields is refused") {
    const auto whole = server_example<Snapshot>("snapshot");
    auto snapshot = whole;
    snapshot.fields.info.reset();
    CHECK(refusal(snapshot) == ErrorCode::malformed);
    snapshot = whole;
    snapshot.fields.media.reset();
    CHECK(refusal(snapshot) == ErrorCode::malformed);
    snapshot = whole;
    snapshot.fields.motion.reset();
    CHECK(refusal(snapshot) == ErrorCode::malformed);
    snapshot = whole;
    snapshot.fields.viewer_count.reset();
    CHECK(refusal(snapshot) == ErrorCode::malformed);
    snapshot = whole;
    snapshot.fields.removed_viewers = {ViewerId{1}};
    CHECK(refusal(snapshot) == ErrorCode::malformed);
    snapshot = whole;
    snapshot.fields.viewers.clear();
    CHECK(refusal(snapshot) == ErrorCode::none);
}

TEST_CASE("what a client cannot believe of the engine is refused") {
    auto snapshot = server_example<Snapshot>("snapshot");
    for (const std::int32_t permille : {0, 249, 2001, 65'535}) {
        snapshot.fields.motion->current.rate = Rate{permille};
        CHECK(refusal(snapshot) == ErrorCode::out_of_range);
    }
    snapshot = server_example<Snapshot>("snapshot");
    snapshot.fields.viewers.front().id = ViewerId{0};
    CHECK(refusal(snapshot) == ErrorCode::malformed);
    snapshot.fields.viewers.assign(Roster::rows_max + 1, ViewerRow{.id = ViewerId{1}});
    CHECK(refusal(snapshot) == ErrorCode::malformed);

    auto delta = server_example<Delta>("delta_viewers");
    delta.base = Version{delta.version.value + 1};
    CHECK(refusal(delta) == ErrorCode::malformed);
    delta = server_example<Delta>("delta_viewers");
    delta.fields.removed_viewers.assign(Roster::tombstones_max + 1, ViewerId{1});
    CHECK(refusal(delta) == ErrorCode::malformed);

    auto reply = server_example<Reply>("reply_denied");
    reply.data = Value{std::string{"\xFF"}};
    CHECK(refusal(reply) == ErrorCode::malformed);
    auto event = server_example<PluginEvent>("plugin_event");
    event.name = std::string(PluginCommand::name_bytes_max + 1, 'x');
    CHECK(refusal(event) == ErrorCode::too_large);

    auto welcome = server_example<Welcome>("welcome");
    welcome.tick_length = 0us;
    CHECK(refusal(welcome) == ErrorCode::malformed);
    welcome = server_example<Welcome>("welcome");
    welcome.viewer = ViewerId{0};
    CHECK(refusal(welcome) == ErrorCode::malformed);
}
