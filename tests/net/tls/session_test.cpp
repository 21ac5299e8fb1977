#include "net/tls/session.hpp"
#include "net/tls/test_certificate.hpp"
#include "net/tls/tls_client.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

using namespace playhead::tls;
using namespace playhead::tls::test;
using Kind = Session::Kind;

namespace {

Bytes bytes_of(std::string_view text) {
    const auto view = std::as_bytes(std::span{text});
    return {view.begin(), view.end()};
}

// What the session makes of bytes from its peer, until it wants more or is over.
struct Heard {
    Bytes plain;
    Bytes reply;
    Session::Step last;
};
Heard hear(Session& session, const Bytes& bytes, std::size_t at_once = 16 * 1024) {
    Heard heard;
    std::span<const std::byte> input{bytes};
    Bytes plain(at_once);
    do {
        heard.last = session.decrypt(input, plain, heard.reply);
        heard.plain.insert(heard.plain.end(), plain.begin(),
                           plain.begin() + static_cast<std::ptrdiff_t>(heard.last.bytes));
    } while (heard.last.kind == Kind::done);
    CHECK((heard.last.kind != Kind::more || input.empty()));
    return heard;
}

Bytes sealed(Session& session, const Bytes& plain) {
    Bytes bytes;
    CHECK(session.encrypt(plain, bytes));
    return bytes;
}

} // namespace

TEST_CASE("TLS 1.2 and 1.3 shake hands and carry bytes both ways") {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        auto [client, server] = connect(any_context(), {.version_min = version, .version_max = version});
        CHECK(server.session->version() == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"));
        for (const std::size_t size : {1UZ, 100UZ, 16'384UZ, 16'385UZ, 300'000UZ}) {
            CAPTURE(size);
            const Bytes message(size, static_cast<std::byte>(size));
            client->write(message);
            const Heard up = hear(*server.session, client->take());
            CHECK(up.plain == message);
            CHECK(up.reply.empty());
            CHECK(up.last.kind == Kind::more);
            const Bytes down = sealed(*server.session, message);
            const std::size_t records = (size + Session::record_bytes_max - 1) / Session::record_bytes_max;
            CHECK(down.size() <= size + records * Session::record_overhead_max);
            client->feed(down);
            Bytes received;
            client->read(received);
            CHECK(received == message);
        }
    }
}

TEST_CASE("handshake and records may come byte by byte, and be taken byte by byte") {
    Client client;
    Session server{any_context()};
    Kind kind = Kind::more;
    for (int turns = 0; turns < 4; ++turns) {
        client.handshake();
        for (const std::byte byte : client.take()) {
            std::span<const std::byte> input{&byte, 1};
            Bytes reply;
            if (kind == Kind::more) kind = server.handshake(input, reply).kind;
            client.feed(reply);
        }
    }
    REQUIRE(kind == Kind::done);
    client.write(bytes_of("letter by letter"));
    Bytes plain;
    for (const std::byte byte : client.take()) {
        const Heard heard = hear(server, {byte}, 1);
        plain.insert(plain.end(), heard.plain.begin(), heard.plain.end());
    }
    CHECK(plain == bytes_of("letter by letter"));
}

TEST_CASE("older versions and weaker ciphers are refused, and told so") {
    const auto refused = [](const Client::Wish& wish) {
        Client client{wish};
        Session server{any_context()};
        const auto step = shake_hands(client, server);
        CHECK(step.kind == Kind::broken);
        CHECK_FALSE(step.why.empty());
        Bytes nothing;
        client.read(nothing);
        CAPTURE(client.error);
        return client.error;
    };
    CHECK(refused({.version_min = TLS1_VERSION, .version_max = TLS1_VERSION}).find("protocol version") !=
          std::string::npos);
    CHECK(refused({.version_min = TLS1_1_VERSION, .version_max = TLS1_1_VERSION}).find("protocol version") !=
          std::string::npos);
    for (const std::string weak : {"AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256", "NULL-SHA256"}) {
        CAPTURE(weak);
        CHECK(refused({.version_max = TLS1_2_VERSION, .ciphers = weak}).find("handshake failure") != std::string::npos);
    }
}

TEST_CASE("HTTP/1.1 is what is agreed on; who offers only other things is refused") {
    const auto agreed = [](const std::vector<std::string>& protocols) -> std::string {
        Client client{{.protocols = protocols}};
        Session server{any_context()};
        if (shake_hands(client, server).kind != Kind::done) return "refused";
        const unsigned char* name = nullptr;
        unsigned length = 0;
        SSL_get0_alpn_selected(client.get(), &name, &length);
        return {name, name + length};
    };
    CHECK(agreed({}).empty());
    CHECK(agreed({"http/1.1"}) == "http/1.1");
    CHECK(agreed({"h2", "http/1.1"}) == "http/1.1");
    CHECK(agreed({"h2"}) == "refused");
    CHECK(agreed({"http/1.10", "http/1.", "x"}) == "refused");
}

TEST_CASE("a record that is altered anywhere ends the session, and the peer is told") {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        for (std::size_t at = 5; at < 5 + 40; ++at) { // behind the header
            CAPTURE(version);
            CAPTURE(at);
            auto [client, server] = connect(any_context(), {.version_min = version, .version_max = version});
            client->write(bytes_of("a command of some length"));
            Bytes record = client->take();
            client->write(bytes_of("another"));
            const Bytes another = client->take();
            if (at >= record.size()) break;
            record[at] ^= std::byte{1};
            const Heard heard = hear(*server.session, record);
            CHECK(heard.last.kind == Kind::broken);
            CHECK(heard.plain.empty());
            CHECK(heard.last.why == "decryption failed or bad record mac");
            client->feed(heard.reply);
            Bytes nothing;
            client->read(nothing);
            CHECK(client->error.find("bad record mac") != std::string::npos);
            Bytes out;
            CHECK_FALSE(server.session->encrypt(bytes_of("more"), out));
            CHECK(out.empty());
            CHECK(hear(*server.session, another).last.kind == Kind::broken);
        }
    }
}

TEST_CASE("a record said twice, or left out, ends the session") {
    for (const bool twice : {true, false}) {
        auto [client, server] = connect(any_context());
        client->write(bytes_of("one"));
        const Bytes one = client->take();
        client->write(bytes_of("two"));
        const Bytes two = client->take();
        CHECK(hear(*server.session, twice ? one : two).last.kind == (twice ? Kind::more : Kind::broken));
        if (twice) CHECK(hear(*server.session, one).last.kind == Kind::broken);
    }
}

TEST_CASE("a record that is cut is waited for") {
    auto [client, server] = connect(any_context());
    client->write(bytes_of("whole"));
    const Bytes record = client->take();
    const auto middle = record.begin() + 9;
    CHECK(hear(*server.session, {record.begin(), middle}).last.kind == Kind::more);
    const Heard rest = hear(*server.session, {middle, record.end()});
    CHECK(rest.plain == bytes_of("whole"));
}

TEST_CASE("whatever is no TLS is refused, from the first byte or in the middle") {
    std::mt19937 random{8446};
    for (int round = 0; round < 500; ++round) {
        Bytes noise(1 + random() % 300);
        for (std::byte& byte : noise) byte = static_cast<std::byte>(random());
        if (round % 2 == 0) noise[0] = std::byte{22}; // looks like a handshake
        Session fresh{any_context()};
        std::span<const std::byte> input{noise};
        Bytes reply;
        const auto step = fresh.handshake(input, reply);
        CHECK(step.kind != Kind::done);
        CHECK(reply.size() <= 7); // an alert at most
    }
    auto [client, server] = connect(any_context());
    CHECK(hear(*server.session, bytes_of("GET / HTTP/1.1\r\n\r\n")).last.kind == Kind::broken);
}

TEST_CASE("renegotiation is declined and costs no handshake") {
    auto [client, server] = connect(any_context(), {.version_max = TLS1_2_VERSION});
    REQUIRE(SSL_renegotiate(client->get()) == 1);
    client->handshake();
    const Heard heard = hear(*server.session, client->take());
    CHECK(heard.plain.empty());
    CHECK(heard.reply.size() < 64); // an alert, sealed
    client->feed(heard.reply);
    client->handshake();
    CHECK(client->error.find("renegotiation") != std::string::npos);
}

TEST_CASE("new keys are given when asked for, but not again and again") {
    auto [client, server] = connect(any_context(), {.version_min = TLS1_3_VERSION});
    const auto ask = [&asking = *client] {
        REQUIRE(SSL_key_update(asking.get(), SSL_KEY_UPDATE_REQUESTED) == 1);
        REQUIRE(asking.handshake());
    };
    for (std::uint32_t i = 0; i < Session::rekeys_max; ++i) {
        ask();
        const Heard heard = hear(*server.session, client->take());
        CHECK(heard.last.kind == Kind::more);
        client->feed(heard.reply);
        client->feed(sealed(*server.session, bytes_of("a frame")));
        Bytes received;
        client->read(received);
        CHECK(received == bytes_of("a frame"));
    }
    for (int i = 0; i < 1000; ++i) ask();
    client->write(bytes_of("and a command"));
    const Heard heard = hear(*server.session, client->take());
    CHECK(heard.last.kind == Kind::broken);
    CHECK(heard.last.why == "the peer asks for new keys again and again");
    CHECK(heard.plain.empty());
    CHECK(heard.reply.size() < 100); // one answer at most: the rest was not even looked at
}

TEST_CASE("either side ends in order, and the other hears it") {
    auto [client, server] = connect(any_context());
    Bytes out;
    server.session->end(out);
    CHECK_FALSE(out.empty());
    const std::size_t once = out.size();
    server.session->end(out);
    CHECK(out.size() == once);
    CHECK_FALSE(server.session->encrypt(bytes_of("late"), out));
    client->feed(out);
    Bytes nothing;
    client->read(nothing);
    CHECK(client->ended);
    client->write(bytes_of("crossed it"));
    const Heard last = hear(*server.session, client->take());
    CHECK(last.plain == bytes_of("crossed it")); // each direction ends by itself
    SSL_shutdown(client->get());
    CHECK(hear(*server.session, client->take()).last.kind == Kind::ended);
}

TEST_CASE("many sessions on one thread do not take each other's errors for their own") {
    auto [client, server] = connect(any_context());
    auto [other_client, other_server] = connect(any_context());
    CHECK(hear(*other_server.session, bytes_of("nonsense, and long enough to be a record")).last.kind == Kind::broken);
    client->write(bytes_of("fine"));
    const Heard heard = hear(*server.session, client->take());
    CHECK(heard.last.kind == Kind::more);
    CHECK(heard.plain == bytes_of("fine"));
}

TEST_CASE("a session outlives the certificate it began with") {
    auto context = Context::make(any_pair().certificate, any_pair().key);
    REQUIRE(context);
    auto [client, server] = connect(*context);
    context->reset();
    client->feed(sealed(*server.session, bytes_of("still here")));
    Bytes received;
    client->read(received);
    CHECK(received == bytes_of("still here"));
}
