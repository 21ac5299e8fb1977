#include "net/http/secure_layer.hpp"
#include "net/tls/test_certificate.hpp"
#include "net/tls/tls_client.hpp"

#include <boost/asio/error.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

using namespace playhead;
using namespace playhead::http;
using tls::test::any_context;
using tls::test::Bytes;
using tls::test::Client;
using Next = SecureLayer::Next;

namespace {

Bytes bytes_of(std::string_view text) {
    const auto view = std::as_bytes(std::span{text});
    return {view.begin(), view.end()};
}

// A layer and its client, with a path between them that the test holds.
struct Fixture {
    Client client;
    SecureLayer layer{any_context()};
    Bytes on_its_way; // to the layer

    // Obeys the layer as the stream does; false if it waits for more than there is.
    template <class Attempt>
    bool obey(Attempt attempt, std::size_t at_once = SecureLayer::receive_bytes_max) {
        for (;;) {
            switch (attempt()) {
            case Next::done: return true;
            case Next::send:
                client.feed(layer.to_send());
                layer.sent();
                break;
            case Next::receive: {
                const std::size_t size = std::min(on_its_way.size(), at_once);
                if (size == 0) return false;
                std::ranges::copy(std::span{on_its_way}.first(size), layer.room().begin());
                on_its_way.erase(on_its_way.begin(), on_its_way.begin() + static_cast<std::ptrdiff_t>(size));
                layer.received(size);
                break;
            }
            }
        }
    }
    void say(std::string_view text) {
        client.write(bytes_of(text));
        const Bytes sealed = client.take();
        on_its_way.insert(on_its_way.end(), sealed.begin(), sealed.end());
    }
    bool shake_hands() {
        bool done = false;
        for (int turns = 0; turns < 5 && !done; ++turns) {
            client.handshake();
            const Bytes hello = client.take();
            on_its_way.insert(on_its_way.end(), hello.begin(), hello.end());
            done = obey([&] { return layer.handshake(); });
        }
        return done && !layer.error();
    }
    std::string read(std::size_t size = 1000) {
        Bytes plain(size);
        if (!obey([&] { return layer.read(plain); })) return "(waiting)";
        const auto* text = reinterpret_cast<const char*>(plain.data());
        return {text, layer.bytes()};
    }
    void write(const Bytes& plain) {
        std::ranges::copy(std::span{plain}.first(layer.gather(plain.size()).size()),
                          layer.gather(plain.size()).begin());
        CHECK(obey([&] { return layer.write(); }));
    }
    Bytes heard() {
        Bytes plain;
        client.read(plain);
        return plain;
    }
};

} // namespace

TEST_CASE_FIXTURE(Fixture, "after the handshake it reads what is said and writes what is to be said") {
    REQUIRE(shake_hands());
    CHECK(read() == "(waiting)");
    say("GET / HTTP/1.1\r\n");
    CHECK(read() == "GET / HTTP/1.1\r\n");
    write(bytes_of("HTTP/1.1 200 OK\r\n"));
    CHECK(layer.bytes() == 17);
    CHECK(heard() == bytes_of("HTTP/1.1 200 OK\r\n"));
    CHECK_FALSE(layer.error());
}

TEST_CASE_FIXTURE(Fixture, "a small buffer gets the parts, and what is left over is known of") {
    REQUIRE(shake_hands());
    say("abcdef");
    say("ghi");
    CHECK_FALSE(layer.has_pending());
    CHECK(read(4) == "abcd");
    CHECK(layer.has_pending());
    CHECK(read(4) == "ef");
    CHECK(layer.has_pending());
    CHECK(read(4) == "ghi");
    CHECK_FALSE(layer.has_pending());
    CHECK(read(0).empty());
}

TEST_CASE_FIXTURE(Fixture, "of a large write it takes a part, and nothing is a write as well") {
    REQUIRE(shake_hands());
    const Bytes much(SecureLayer::write_bytes_max + 1000, std::byte{7});
    write(much);
    CHECK(layer.bytes() == SecureLayer::write_bytes_max);
    CHECK(heard() == Bytes(SecureLayer::write_bytes_max, std::byte{7}));
    write({});
    CHECK(layer.bytes() == 0);
    CHECK(heard().empty());
}

TEST_CASE_FIXTURE(Fixture, "HTTP without TLS is recognised by its first byte, other noise is told in TLS") {
    SUBCASE("a request") {
        on_its_way = bytes_of("GET / HTTP/1.1\r\n\r\n");
        CHECK(obey([&] { return layer.handshake(); }));
        CHECK(layer.error());
        CHECK(layer.spoke_plainly());
        CHECK(layer.to_send().empty());
    }
    SUBCASE("noise") {
        on_its_way = bytes_of("\x16\x03\x01zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz");
        while (on_its_way.size() < 40'000) on_its_way.push_back(std::byte{'z'});
        CHECK(obey([&] { return layer.handshake(); }));
        CHECK(layer.error());
        CHECK_FALSE(layer.why().empty());
        CHECK_FALSE(layer.spoke_plainly());
    }
    SUBCASE("a handshake whose later pieces begin with letters") {
        bool done = false;
        for (int turns = 0; turns < 5 && !done; ++turns) {
            client.handshake();
            on_its_way = client.take();
            done = obey([&] { return layer.handshake(); }, 1);
        }
        CHECK(done);
        CHECK_FALSE(layer.spoke_plainly());
    }
    const auto error = layer.error();
    if (!error) return;
    CHECK(read().empty()); // it stays so
    CHECK(layer.error() == error);
}

TEST_CASE_FIXTURE(Fixture, "the end of the peer's session is an end of file, and ours is said once") {
    REQUIRE(shake_hands());
    SSL_shutdown(client.get());
    on_its_way = client.take();
    CHECK(read().empty());
    CHECK(layer.error() == boost::asio::error::eof);
    for (int i = 0; i < 2; ++i) CHECK(obey([&] { return layer.end(); }));
    CHECK(heard().empty());
    CHECK(client.ended);
}

TEST_CASE_FIXTURE(Fixture, "an altered record is an error, and the peer is told before it is") {
    REQUIRE(shake_hands());
    say("something");
    on_its_way.back() ^= std::byte{1};
    CHECK(read().empty());
    CHECK(layer.error());
    CHECK(layer.why() == "decryption failed or bad record mac");
    CHECK(heard().empty());
    CHECK(client.error.find("bad record mac") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a session moves with everything that was received and not decrypted") {
    REQUIRE(shake_hands());
    say("request");
    say("first frame");
    say("second frame");
    const std::size_t size = on_its_way.size();
    on_its_way.pop_back(); // and the last record is not whole yet
    CHECK(read(3) == "req");
    const tls::MovedSession moved = layer.move();
    REQUIRE(moved.session);
    CHECK(moved.received.size() < size);
    std::string plain;
    std::span<const std::byte> input{moved.received};
    Bytes part(100);
    Bytes reply;
    for (;;) {
        const auto step = moved.session->decrypt(input, part, reply);
        if (step.kind != tls::Session::Kind::done) break;
        plain.append(reinterpret_cast<const char*>(part.data()), step.bytes);
    }
    CHECK(plain == "uestfirst frame");
}
