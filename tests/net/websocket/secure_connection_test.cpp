#include "net/websocket/connection.hpp"
#include "net/websocket/websocket_client.hpp"
#include "sanitizers.hpp"

#include <doctest/doctest.h>

#include <malloc.h>
#include <string>
#include <vector>

using namespace playhead;
using namespace playhead::websocket;
using namespace playhead::websocket::test;
using namespace std::chrono_literals;

// What TLS adds to a viewer's connection. That it is one like any other is in tests/contract.
namespace {

Frame frame_of(std::size_t size, unsigned fill) { return Frame{Bytes(size, static_cast<std::byte>(fill))}; }

struct Fixture {
    std::unique_ptr<Shared> shared = std::make_unique<Shared>();
    Recorder events;
    SecureLink link{*shared};

    Fixture() { link.connection->start(events); }
    Connection& connection() { return *link.connection; }
    bool ends() {
        return link.run_until([&] { return !events.closed.empty(); });
    }
};

} // namespace

TEST_CASE_FIXTURE(Fixture, "a tick's frames leave in one record and one system call") {
    const std::array frames{frame_of(10, 1), frame_of(300, 2), frame_of(5, 3)};
    for (int tick = 0; tick < 5; ++tick) CHECK(connection().send(frames));
    CHECK(shared->counters.writes == 5);
    CHECK(shared->counters.bytes_written <= 5 * (10 + 300 + 5 + 3 * 4 + tls::Session::record_overhead_max));
    CHECK(connection().bytes_waiting() == 0);
    CHECK(link.run_until([&] { return link.messages().size() == 15; }));
    CHECK(link.messages()[4] == Bytes(300, std::byte{2}));
}

TEST_CASE_FIXTURE(Fixture, "the same shared frame is sealed for each viewer, and stays as it is") {
    Recorder other_events;
    SecureLink other{*shared};
    other.connection->start(other_events);
    const std::array frames{frame_of(200, 9)};
    const Bytes before{frames[0].wire().begin(), frames[0].wire().end()};
    CHECK(connection().send(frames));
    CHECK(other.connection->send(frames));
    CHECK(Bytes{frames[0].wire().begin(), frames[0].wire().end()} == before);
    for (Link* each : {static_cast<Link*>(&link), static_cast<Link*>(&other)}) {
        CHECK(each->run_until([&] { return each->messages().size() == 1; }));
        CHECK(each->messages()[0] == Bytes(200, std::byte{9}));
    }
}

TEST_CASE_FIXTURE(Fixture, "messages larger than a record arrive, and a send is one system call all the same") {
    for (const std::size_t size : {16'380UZ, 16'384UZ, 70'000UZ, 256'000UZ}) {
        CAPTURE(size);
        link.received.clear();
        const auto writes = shared->counters.writes;
        const std::array frames{frame_of(size, 5), frame_of(1, 6)};
        connection().send(frames);
        CHECK(shared->counters.writes == writes + 1);
        CHECK(link.run_until([&] { return link.messages().size() == 2; }));
        CHECK(link.messages()[0] == Bytes(size, std::byte{5}));
        CHECK(link.messages()[1] == Bytes(1, std::byte{6}));
    }
}

TEST_CASE_FIXTURE(Fixture, "a reader that stops costs one sealed batch; the rest are shares of frames") {
    link.reading = false;
    const std::array frames{frame_of(200'000, 1)};
    CHECK_FALSE(connection().send(frames));
    const std::size_t waiting = connection().bytes_waiting();
    CHECK(waiting > 100'000);
    const auto heap = ::mallinfo2().uordblks;
    CHECK_FALSE(connection().send(frames)); // beyond what a session would do
    CHECK(connection().bytes_waiting() == waiting + frames[0].wire().size());
    if (!playhead::test::sanitized) CHECK(::mallinfo2().uordblks - heap < 1000);
    link.reading = true;
    CHECK(link.run_until([&] { return events.drained == 1; }));
    CHECK(connection().bytes_waiting() == 0);
    CHECK(link.run_until([&] { return link.messages().size() == 2; }));
    CHECK(link.messages()[1] == Bytes(200'000, std::byte{1}));
}

TEST_CASE_FIXTURE(Fixture, "an answer given while a message is lent does not touch the message") {
    events.then = [&] {
        const std::array frames{frame_of(3000, 0xee)};
        connection().send(frames);
    };
    link.write(binary(Bytes(2000, std::byte{1})) + binary(Bytes(2000, std::byte{2})));
    CHECK(link.run_until([&] { return link.messages().size() == 2; }));
    CHECK(events.messages == std::vector{Bytes(2000, std::byte{1}), Bytes(2000, std::byte{2})});
}

TEST_CASE("what was received before the socket moved is decrypted first, a cut record included") {
    auto shared = std::make_unique<Shared>();
    auto both = tls::test::connect(tls::test::any_context());
    both.client->write(binary(bytes_of("sealed early")));
    both.client->write(binary(bytes_of("cut")));
    Bytes early = both.client->take();
    const std::byte last = early.back();
    early.pop_back();
    both.server.received = early;
    const Bytes plain = binary(bytes_of("decrypted early"));
    Recorder events;
    Link link{*shared, plain, 4096, std::move(both)};
    link.connection->start(events);
    CHECK(events.messages.empty()); // not from inside start()
    CHECK(link.run_until([&] { return events.messages.size() == 2; }));
    link.write_raw({last});
    CHECK(link.run_until([&] { return events.messages.size() == 3; }));
    CHECK(events.messages == std::vector{bytes_of("decrypted early"), bytes_of("sealed early"), bytes_of("cut")});
}

TEST_CASE_FIXTURE(Fixture,
                  "a Close frame comes before the end of the TLS session, and that before the end of the stream") {
    connection().close(ErrorCode::draining, "restart");
    CHECK(link.run_until([&] { return link.close_code().has_value(); }));
    CHECK_FALSE(link.client_tls->ended);
    link.write(close_frame(1001));
    CHECK(ends());
    CHECK(link.run_until([&] { return link.end_seen; }));
    CHECK(link.client_tls->ended);
    CHECK_FALSE(link.reset_seen);
}

TEST_CASE_FIXTURE(Fixture, "a peer that ends its TLS session is gone without blame") {
    SSL_shutdown(link.client_tls->get());
    link.write_raw(link.client_tls->take());
    CHECK(ends());
    CHECK(events.closed[0].code == ErrorCode::none);
    CHECK(link.run_until([&] { return link.end_seen; }));
    CHECK(link.client_tls->ended);
}

TEST_CASE_FIXTURE(Fixture, "an altered record ends the connection, with an alert instead of a Close frame") {
    link.client_tls->write(binary(bytes_of("a command")));
    Bytes record = link.client_tls->take();
    record.back() ^= std::byte{1};
    link.write_raw(record + binary(bytes_of("and more behind it")));
    CHECK(ends());
    CHECK(events.closed[0].code == ErrorCode::malformed);
    CHECK(events.closed[0].message == "TLS: decryption failed or bad record mac");
    CHECK(events.messages.empty());
    CHECK(shared->counters.rules_broken == 1);
    CHECK(link.run_until([&] { return link.end_seen; }));
    CHECK(link.client_tls->error.find("bad record mac") != std::string::npos);
    CHECK(link.frames().empty());
    link.hang_up();
    CHECK(link.run_until([&] { return shared->counters.open == 0; }));
}

TEST_CASE_FIXTURE(Fixture, "plain frames in the middle of a TLS session are no frames") {
    link.write_raw(binary(bytes_of("let me in")));
    CHECK(ends());
    CHECK(events.closed[0].code == ErrorCode::malformed);
    CHECK(events.messages.empty());
}

TEST_CASE_FIXTURE(Fixture,
                  "an altered record of a peer that does not read is dropped in bounded time with what waits") {
    shared->linger_time_max = 20ms;
    link.reading = false;
    const std::array frames{frame_of(250'000, 1)};
    CHECK_FALSE(connection().send(frames));
    link.client_tls->write(binary(bytes_of("a command")));
    Bytes record = link.client_tls->take();
    record.back() ^= std::byte{1};
    link.write_raw(record);
    CHECK(ends());
    CHECK(link.run_until([&] { return shared->counters.open == 0; }));
    CHECK(events.drained == 0);
}

TEST_CASE("new keys are taken up in the middle of it, and asking for them again and again ends the connection") {
    auto shared = std::make_unique<Shared>();
    Recorder events;
    SecureLink link{*shared, {.version_min = TLS1_3_VERSION}};
    link.connection->start(events);
    const auto ask = [&] {
        REQUIRE(SSL_key_update(link.client_tls->get(), SSL_KEY_UPDATE_REQUESTED) == 1);
        REQUIRE(link.client_tls->handshake());
        link.write_raw(link.client_tls->take());
    };
    ask();
    link.write(binary(bytes_of("with the new keys")));
    CHECK(link.run_until([&] { return events.messages.size() == 1; }));
    const std::array frames{frame_of(100, 4)};
    CHECK(link.connection->send(frames));
    CHECK(link.run_until([&] { return link.messages().size() == 1; }));
    link.reading = false;
    for (int i = 0; i < 1000 && events.closed.empty(); ++i) ask();
    CHECK(link.run_until([&] { return !events.closed.empty(); }));
    CHECK(events.closed[0].code == ErrorCode::malformed);
    CHECK(shared->counters.bytes_written < 4096);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__OPTIMIZE__)
TEST_CASE("what an idle viewer costs more under TLS") {
    constexpr std::size_t count = 100;
    std::vector<tls::MovedSession> sessions(count);
    const auto used = [] { return static_cast<std::size_t>(::mallinfo2().uordblks); };
    static_cast<void>(tls::test::connect(tls::test::any_context())); // what OpenSSL makes once
    const std::size_t before = used();
    for (auto& moved : sessions) {
        tls::test::Client each;
        moved.session = std::make_unique<tls::Session>(tls::test::any_context());
        REQUIRE(tls::test::shake_hands(each, *moved.session).kind == tls::Session::Kind::done);
    }
    const std::size_t bytes = (used() - before) / count;
    MESSAGE("session ", bytes, " bytes");
    CHECK(bytes < 24 * 1024);
}
#endif
