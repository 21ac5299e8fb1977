#include "core/random_value.hpp"
#include "replication/decode.hpp"
#include "replication/encode.hpp"
#include "vectors/wire_vectors.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace playhead;
using namespace playhead::test;
using namespace std::chrono_literals;

TEST_CASE("what a client sends arrives as it was meant") {
    for (const auto& [name, message] : client_examples()) {
        CAPTURE(name);
        const auto decoded = decode_client(encode(message));
        REQUIRE(decoded);
        CHECK(*decoded == message);
    }
}

TEST_CASE("what the engine sends arrives as it was meant") {
    for (const auto& [name, message] : server_examples()) {
        CAPTURE(name);
        const auto decoded = decode_server(encode(message).payload());
        REQUIRE(decoded);
        CHECK(*decoded == message);
    }
}

TEST_CASE("a message is read wherever in a buffer it lies") {
    const Bytes hello = encode(client_examples().at(0).message);
    const Frame snapshot = encode(server_examples().at(1).message);
    for (std::size_t offset = 0; offset < 16; ++offset) {
        CAPTURE(offset);
        Bytes buffer(offset);
        buffer.insert(buffer.end(), hello.begin(), hello.end());
        CHECK(decode_client(ByteView(buffer).subspan(offset)) == client_examples().at(0).message);
        buffer.resize(offset);
        buffer.insert(buffer.end(), snapshot.payload().begin(), snapshot.payload().end());
        CHECK(decode_server(ByteView(buffer).subspan(offset)) == server_examples().at(1).message);
    }
}

TEST_CASE("the same message gives the same bytes, whatever was encoded before") {
    const auto examples = server_examples();
    std::vector<Bytes> first;
    for (const auto& [name, message] : examples) {
        const Frame frame = encode(message);
        first.emplace_back(frame.wire().begin(), frame.wire().end());
    }
    for (std::size_t index = examples.size(); index-- > 0;) {
        CHECK(std::ranges::equal(encode(examples[index].message).wire(), first[index]));
    }
}

TEST_CASE("[W13] a beacon that carries nothing else has at most 48 bytes") {
    const Beacon beacon{.server_time = ServerTime{time_max},
                        .tick = Tick{0xFFFFFFFF},
                        .version = Version{0xFFFFFFFF},
                        .state_hash = 0xFFFFFFFF,
                        .fresh = true,
                        .telemetry = {},
                        .distribution = {}};
    const Frame frame = encode(beacon);
    CHECK(frame.payload().size() <= 48);
    CHECK(frame.wire().size() == frame.payload().size() + 2);
}

TEST_CASE("a full room fits the largest message that a client accepts") {
    Snapshot snapshot = std::get<Snapshot>(server_examples().at(1).message);
    std::string longest_name;
    for (std::size_t count = 0; count < SetName::name_characters_max; ++count) longest_name += "\xF0\x9F\x8E\xAC";
    snapshot.fields.viewers.clear();
    for (std::uint32_t id = 1; id <= Roster::rows_max; ++id) {
        snapshot.fields.viewers.push_back({.id = ViewerId{id}, .name = longest_name, .roles = 0xFFFFFFFF});
    }
    snapshot.fields.media->url = "/" + std::string(Load::url_bytes_max - 1, 'a');
    snapshot.fields.media->title = std::string(Load::title_bytes_max, 'a');
    snapshot.fields.info->title = std::string(RoomInfo::title_bytes_max, 'a');
    const Frame frame = encode(snapshot);
    CHECK(frame.payload().size() < server_message_bytes_max);
    CHECK(decode_server(frame.payload()) == ServerMessage{snapshot});
}

TEST_CASE("figures beyond their field are given as the nearest that fits") {
    const Report wild{.version = {},
                      .media = {},
                      .drift = Microseconds::min(),
                      .delay = -1us,
                      .clock_error = Microseconds::max(),
                      .buffer_ms = 0,
                      .duration = 0us,
                      .flags = 0};
    const auto decoded = decode_client(encode(ClientMessage{wild}));
    REQUIRE(decoded);
    const Report& report = std::get<Report>(*decoded);
    CHECK(report.drift == Microseconds{-2'147'483'648});
    CHECK(report.delay == 0us);
    CHECK(report.clock_error == Microseconds{4'294'967'295});
}

TEST_CASE("[W15] a frame is one final binary WebSocket message in the shortest form of its length") {
    struct Row {
        std::size_t payload;
        std::vector<std::uint8_t> header;
    };
    for (const Row& row : {Row{0, {0x82, 0}}, Row{1, {0x82, 1}}, Row{125, {0x82, 125}}, Row{126, {0x82, 126, 0, 126}},
                           Row{256, {0x82, 126, 1, 0}}, Row{65'535, {0x82, 126, 0xFF, 0xFF}},
                           Row{65'536, {0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}}}) {
        CAPTURE(row.payload);
        Bytes payload(row.payload);
        for (std::size_t index = 0; index < payload.size(); ++index) payload[index] = static_cast<std::byte>(index);
        const Frame frame{payload};
        CHECK_FALSE(frame.empty());
        CHECK(std::ranges::equal(frame.payload(), payload));
        REQUIRE(frame.wire().size() == row.header.size() + row.payload);
        for (std::size_t index = 0; index < row.header.size(); ++index) {
            CHECK(std::to_integer<int>(frame.wire()[index]) == row.header[index]);
        }
    }
}

TEST_CASE("an empty frame has nothing to send, and copies share their bytes") {
    CHECK(Frame{}.empty());
    CHECK(Frame{}.wire().empty());
    CHECK(Frame{}.payload().empty());
    const Frame frame = encode(server_examples().at(0).message);
    const Frame copy = frame; // NOLINT(performance-unnecessary-copy-initialization): the copy is the point
    CHECK(copy.wire().data() == frame.wire().data());
}

TEST_CASE("any command survives the way over the wire") {
    for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        const auto any = [&] { return static_cast<std::int64_t>(random.next()); };
        const Action actions[] = {Play{},
                                  Pause{},
                                  Seek{.to = MediaTime{any()}},
                                  SetRate{.rate = Rate{static_cast<std::int32_t>(any())}},
                                  Load{.kind = static_cast<MediaKind>(random.below(7)),
                                       .url = std::string(random.below(300), 'u'),
                                       .title = std::string(random.below(300), 't'),
                                       .start = MediaTime{any()},
                                       .play = random.one_in(2)},
                                  SetName{.name = std::string(random.below(100), 'n')},
                                  PluginCommand{.plugin = std::string(random.below(65), 'p'),
                                                .name = std::string(random.below(65), 'c'),
                                                .args = random_value(random)}};
        ClientCommand command{.sequence = static_cast<std::uint32_t>(random.next()),
                              .media = MediaInstance{static_cast<std::uint32_t>(random.next())},
                              .issued_at = ServerTime{Microseconds{random.between(0, time_max.count())}},
                              .issued_logical = static_cast<std::uint16_t>(random.next()),
                              .position_seen = {},
                              .action = random.one_of(actions)};
        if (random.one_in(2)) command.position_seen = MediaTime{random.between(0, time_max.count())};
        CHECK(decode_client(encode(ClientMessage{command})) == ClientMessage{command});
    }
}
