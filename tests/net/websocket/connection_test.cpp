#include "net/websocket/connection.hpp"
#include "net/websocket/websocket_client.hpp"

#include <doctest/doctest.h>

#include <malloc.h>
#include <string>

using namespace playhead;
using namespace playhead::websocket;
using namespace playhead::websocket::test;
using namespace std::chrono_literals;

namespace {

Frame frame_of(std::string_view text) { return Frame{bytes_of(text)}; }
Frame frame_of(std::size_t size, unsigned fill) { return Frame{Bytes(size, static_cast<std::byte>(fill))}; }

// Shared is large, and each test wants its own counters.
struct Fixture {
    std::unique_ptr<Shared> shared = std::make_unique<Shared>();
    Recorder events;
    Link link{*shared};

    Fixture() { link.connection->start(events); }
    Connection& connection() { return *link.connection; }
    bool ends() {
        return link.run_until([&] { return !events.closed.empty(); });
    }
    // Sends until the kernel takes no more, now or a moment later; how many frames that were.
    int fill(std::size_t size = 8000) {
        link.reading = false;
        for (int sent = 1; sent < 10'000; ++sent) {
            const std::array frames{frame_of(size, static_cast<unsigned>(sent % 256))};
            connection().send(frames);
            link.settle();
            events.drained = 0;
            if (connection().bytes_waiting() > 0) return sent;
        }
        FAIL("the kernel takes everything");
        return 0;
    }
};

} // namespace

TEST_CASE_FIXTURE(Fixture, "a tick's frames leave in one system call") {
    const std::array frames{frame_of("welcome"), frame_of("snapshot"), frame_of("reply"), frame_of(300, 7)};
    for (int tick = 0; tick < 5; ++tick) CHECK(connection().send(frames));
    CHECK(shared->counters.writes == 5);
    CHECK(connection().bytes_waiting() == 0);
    CHECK(link.run_until([&] { return link.messages().size() == 20; }));
    CHECK(link.messages()[1] == bytes_of("snapshot"));
    CHECK(link.messages()[3].size() == 300);
    CHECK(shared->counters.bytes_written == link.received.size());
    CHECK(connection().send({}));
    CHECK(shared->counters.writes == 5);
}

TEST_CASE_FIXTURE(Fixture, "more frames than one call gathers still arrive in order") {
    std::vector<Frame> frames;
    for (unsigned i = 0; i < 200; ++i) frames.push_back(frame_of(10, i));
    CHECK_FALSE(connection().send(frames));
    CHECK(link.run_until([&] { return link.messages().size() == 200 && events.drained == 1; }));
    for (unsigned i = 0; i < 200; ++i) CHECK(link.messages()[i] == Bytes(10, static_cast<std::byte>(i)));
}

TEST_CASE_FIXTURE(Fixture, "a reader that stops holds shares of frames, not copies, and loses nothing") {
    const int sent = fill();
    const std::size_t waiting = connection().bytes_waiting();
    CHECK(waiting > 0);
    CHECK(waiting <= 8000 + 4);
    const auto writes = shared->counters.writes;
    link.settle();
    CHECK(events.drained == 0);
    link.reading = true;
    CHECK(link.run_until([&] { return events.drained == 1; }));
    CHECK(connection().bytes_waiting() == 0);
    CHECK(shared->counters.writes > writes);
    CHECK(link.run_until([&] { return link.messages().size() == static_cast<std::size_t>(sent); }));
    for (int i = 0; i < sent; ++i)
        CHECK(link.messages()[static_cast<std::size_t>(i)] == Bytes(8000, static_cast<std::byte>((i + 1) % 256)));
}

TEST_CASE_FIXTURE(Fixture, "a shared frame is released once it has gone") {
    auto frame = std::make_unique<Frame>(Bytes(100, std::byte{1}));
    const std::array frames{*frame};
    CHECK(connection().send(frames));
    CHECK(connection().bytes_waiting() == 0);
}

TEST_CASE("what came behind the upgrade request is read first") {
    auto shared = std::make_unique<Shared>();
    Recorder events;
    const Bytes early = binary(bytes_of("early")) + Bytes{binary(bytes_of("cut"))[0]};
    const Bytes cut = binary(bytes_of("cut"));
    Link link{*shared, early};
    link.connection->start(events);
    CHECK(events.messages.empty()); // not from inside start()
    link.write(Bytes(cut.begin() + 1, cut.end()));
    CHECK(link.run_until([&] { return events.messages.size() == 2; }));
    CHECK(events.messages == std::vector{bytes_of("early"), bytes_of("cut")});
}

TEST_CASE_FIXTURE(Fixture, "two connections share a read buffer and no bytes") {
    Recorder other_events;
    Link other{*shared};
    other.connection->start(other_events);
    const Bytes one = binary(Bytes(3000, std::byte{1}));
    const Bytes two = binary(Bytes(3000, std::byte{2}));
    for (std::size_t at = 0; at < one.size(); at += 100) {
        const auto part = [&](const Bytes& all) {
            const auto from = all.begin() + static_cast<std::ptrdiff_t>(at);
            return Bytes(from, all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), at + 100)));
        };
        link.write(part(one));
        link.settle();
        other.write(part(two));
        other.settle();
    }
    CHECK(link.run_until([&] { return events.messages.size() == 1; }));
    CHECK(other.run_until([&] { return other_events.messages.size() == 1; }));
    CHECK(events.messages[0] == Bytes(3000, std::byte{1}));
    CHECK(other_events.messages[0] == Bytes(3000, std::byte{2}));
}

TEST_CASE_FIXTURE(Fixture, "a ping is answered with its own payload") {
    link.write(ping(bytes_of("are you there")));
    CHECK(link.run_until([&] { return link.frames().size() == 1; }));
    CHECK(link.frames()[0] == ServerFrame{0x8a, bytes_of("are you there")});
    CHECK(events.messages.empty());
}

TEST_CASE_FIXTURE(Fixture,
                  "[F14] pongs do not pile up for a peer that does not read, and are nothing the owner hears of") {
    shared->limits.control_frames_burst = 60'000;
    link.reading = false;
    constexpr std::size_t pong_bytes = 127;
    for (int pings = 0, stuck = 0; pings < 50'000 && stuck < 50; ++pings) {
        link.write(ping(Bytes(125, std::byte{1})));
        link.settle();
        if (connection().bytes_waiting() > 0) ++stuck;
        CHECK(connection().bytes_waiting() <= pong_bytes);
    }
    CHECK(connection().bytes_waiting() > 0);
    link.reading = true;
    CHECK(link.run_until([&] { return connection().bytes_waiting() == 0; }));
    link.settle();
    CHECK(events.drained == 0);
    CHECK(events.closed.empty());
}

TEST_CASE_FIXTURE(Fixture, "[F3] a text frame closes with 1003 and says so once") {
    link.write(encode({.first = 0x81, .payload = bytes_of("{}")}));
    CHECK(ends());
    CHECK(events.closed[0].code == ErrorCode::text_frame);
    CHECK(link.run_until([&] { return link.close_code().has_value(); }));
    CHECK(link.close_code() == 1003);
    CHECK(shared->counters.rules_broken == 1);
}

TEST_CASE_FIXTURE(Fixture,
                  "the Close frame gets out though the owner drops the connection at once and input is unread") {
    events.then = [&] { link.connection.reset(); };
    Bytes much = encode({.first = 0x82, .payload = bytes_of("x"), .masked = false});
    for (int i = 0; i < 300; ++i) much = much + binary(Bytes(10'000, std::byte{1}));
    link.write(much);
    CHECK(ends());
    CHECK(link.connection == nullptr);
    CHECK(link.run_until([&] { return link.end_seen; }));
    CHECK(link.close_code() == 1002);
    CHECK_FALSE(link.reset_seen);
    link.hang_up();
    CHECK(link.run_until([&] { return shared->counters.open == 0; }));
}

TEST_CASE_FIXTURE(Fixture, "a peer that does not hang up after its end is hung up on in bounded time") {
    shared->linger_time_max = 20ms;
    link.write(encode({.first = 0x83, .payload = {}}));
    CHECK(ends());
    CHECK(shared->counters.open == 1);
    CHECK(link.run_until([&] { return shared->counters.open == 0; }));
}

TEST_CASE_FIXTURE(Fixture, "a Close of the peer's is answered with its code, and the socket is closed") {
    link.write(close_frame(4001, "bye"));
    CHECK(ends());
    CHECK(events.closed[0].code == ErrorCode::none);
    CHECK(link.run_until([&] { return link.end_seen; }));
    CHECK(link.close_code() == 4001);
    CHECK(link.frames().size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "an empty Close is answered with an empty one") {
    link.write(close_frame_empty());
    CHECK(ends());
    CHECK(link.run_until([&] { return link.end_seen; }));
    CHECK(link.close_code() == 1005);
}

TEST_CASE_FIXTURE(Fixture, "our Close carries code and reason behind what was sent, and the peer's answer ends it") {
    const std::array last{frame_of("goodbye")};
    CHECK(connection().send(last));
    connection().close(ErrorCode::draining, "the server is restarting");
    CHECK(link.run_until([&] { return link.frames().size() == 2; }));
    CHECK(link.frames()[0] == ServerFrame{0x82, bytes_of("goodbye")});
    CHECK(link.frames()[1] == ServerFrame{0x88, bytes_of({0x03, 0xe9}) + bytes_of("the server is restarting")});
    CHECK(events.closed.empty());
    link.write(binary(bytes_of("crossed the Close")) + close_frame(1001));
    CHECK(ends());
    CHECK(events.messages.empty());
    CHECK(events.closed[0].code == ErrorCode::none);
    CHECK(link.run_until([&] { return link.end_seen; }));
    CHECK(link.frames().size() == 2); // one Close, not two
}

TEST_CASE_FIXTURE(Fixture, "a peer that never answers our Close is dropped in bounded time") {
    shared->close_time_max = 20ms;
    connection().close(ErrorCode::idle, "");
    CHECK(ends());
    CHECK(shared->counters.open == 0);
    CHECK(link.close_code() == 4000 + std::to_underlying(ErrorCode::idle));
}

TEST_CASE_FIXTURE(Fixture, "a peer that neither reads nor answers is reset in bounded time, with what waits for it") {
    shared->close_time_max = 20ms;
    fill();
    connection().close(ErrorCode::slow, "too slow");
    CHECK(events.closed.empty());
    CHECK(ends());
    CHECK(shared->counters.open == 0);
    CHECK(connection().bytes_waiting() == 0);
    link.reading = true;
    CHECK(link.run_until([&] { return link.reset_seen || link.end_seen; }));
    CHECK(link.reset_seen);
}

TEST_CASE_FIXTURE(Fixture, "a Close queued behind a slow reader arrives last and whole") {
    const int sent = fill();
    connection().close(ErrorCode::slow, "too slow");
    link.reading = true;
    CHECK(link.run_until([&] { return link.close_code().has_value(); }));
    CHECK(link.messages().size() == static_cast<std::size_t>(sent));
    CHECK(events.drained == 0); // nothing to be sent any more
    link.write(close_frame(1000));
    CHECK(ends());
}

TEST_CASE_FIXTURE(Fixture, "nothing is sent behind a Close") {
    connection().close(ErrorCode::none, "");
    const std::array late{frame_of("late")};
    CHECK(connection().send(late));
    link.write(ping(bytes_of("late too")));
    CHECK(link.run_until([&] { return link.close_code().has_value(); }));
    link.settle();
    link.read();
    CHECK(link.frames().size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a peer that resets, or hangs up, or shuts its side, is gone without blame") {
    SUBCASE("reset") { link.reset(); }
    SUBCASE("reset in the middle of a message") {
        const Bytes message = binary(Bytes(1000, std::byte{1}));
        link.write(Bytes(message.begin(), message.begin() + 500));
        link.settle();
        link.reset();
    }
    SUBCASE("hang up") { link.hang_up(); }
    SUBCASE("shut") { link.shut_writing(); }
    CHECK(ends());
    CHECK(events.closed[0].code == ErrorCode::none);
    CHECK(shared->counters.open == 0);
    const std::array late{frame_of("late")};
    CHECK(connection().send(late));
}

TEST_CASE_FIXTURE(Fixture, "a send that finds the peer gone tells it afterwards, not inside the call") {
    link.reset();
    const std::array frames{frame_of(1000, 1)};
    events.calling = true;
    for (int i = 0; i < 3; ++i) CHECK(connection().send(frames));
    connection().close(ErrorCode::none, "");
    events.calling = false;
    CHECK(ends());
    CHECK(events.closed.size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a connection destroyed while frames wait leaves nothing behind") {
    fill();
    link.connection.reset();
    CHECK(shared->counters.open == 0);
    link.settle();
    CHECK(events.closed.empty());
    CHECK(events.drained == 0);
}

TEST_CASE("a connection that is never started can be destroyed") {
    auto shared = std::make_unique<Shared>();
    Link link{*shared, binary(bytes_of("never read"))};
    link.connection.reset();
    CHECK(shared->counters.open == 0);
}

TEST_CASE("the peer is named by address and port") {
    auto shared = std::make_unique<Shared>();
    const Link link{*shared};
    CHECK(link.connection->peer() == "127.0.0.1:" + std::to_string(link.client_port));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__OPTIMIZE__)
TEST_CASE("an idle viewer costs less than 700 bytes here, and its connection less than 500") {
    auto shared = std::make_unique<Shared>();
    Recorder events;
    constexpr std::size_t count = 200;
    namespace asio = boost::asio;
    asio::io_context io{1};
    asio::io_context client_io{1};
    asio::ip::tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
    std::vector<asio::ip::tcp::socket> clients;
    std::vector<Socket> sockets;
    std::vector<std::unique_ptr<Connection>> connections;
    for (std::size_t i = 0; i < count; ++i) clients.emplace_back(client_io, asio::ip::tcp::v4());
    sockets.reserve(count);
    connections.reserve(count);
    const auto used = [] { return static_cast<std::size_t>(::mallinfo2().uordblks); };
    const std::size_t before = used();
    for (auto& client : clients) {
        client.connect(acceptor.local_endpoint());
        sockets.push_back(acceptor.accept(io.get_executor()));
    }
    const std::size_t with_sockets = used();
    for (auto& socket : sockets) {
        connections.push_back(make_connection(std::move(socket), *shared, {}));
        connections.back()->start(events);
    }
    io.poll();
    const std::size_t with_connections = used();
    CHECK(shared->counters.open == count);
    const std::size_t socket_bytes = (with_sockets - before) / count; // what Asio keeps for each
    const std::size_t connection_bytes = (with_connections - with_sockets) / count;
    MESSAGE("socket ", socket_bytes, " bytes, connection ", connection_bytes, " bytes");
    CHECK(connection_bytes < 500);
    CHECK(socket_bytes + connection_bytes < 700);
}
#endif
