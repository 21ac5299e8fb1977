#include "app/server.hpp"
#include "app/temporary_folder.hpp"
#include "net/tls/test_certificate.hpp"
#include "net/tls/tls_client.hpp"
#include "net/websocket/client_frames.hpp"
#include "replication/encode.hpp"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <memory>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <thread>
#include <unistd.h>

using namespace playhead;
using playhead::websocket::test::operator+; // NOLINT(misc-unused-using-decls): it is used, as an operator

// Like server_test.cpp with real ports and both threads, through TLS.
namespace {

// A blocking socket that waits ten seconds at most.
class Socket {
  public:
    explicit Socket(const std::string& url) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        const timeval patience{10, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
        ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("cannot connect");
    }
    ~Socket() { ::close(socket_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    void send(std::span<const std::byte> bytes) const {
        if (!bytes.empty()) CHECK(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0);
    }
    void send(std::string_view text) const { send(std::as_bytes(std::span{text})); }
    // What has come; empty at the end of the stream.
    Bytes receive() const {
        Bytes bytes(16 * 1024);
        const auto got = ::recv(socket_, bytes.data(), bytes.size(), 0);
        bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return bytes;
    }
    std::string receive_all() const {
        std::string text;
        for (Bytes part = receive(); !part.empty(); part = receive())
            text.append(reinterpret_cast<const char*>(part.data()), part.size());
        return text;
    }

  private:
    int socket_;
};

class SecureSocket {
  public:
    explicit SecureSocket(const std::string& url, const tls::test::Client::Wish& wish = {})
        : socket_(url),
          client_(wish) {
        while (!client_.handshake()) {
            socket_.send(client_.take());
            const Bytes answer = socket_.receive();
            if (answer.empty()) throw std::runtime_error("no handshake");
            client_.feed(answer);
        }
        socket_.send(client_.take());
    }

    void send(const Bytes& plain) {
        client_.write(plain);
        socket_.send(client_.take());
    }
    void send(std::string_view text) { send(websocket::test::bytes_of(text)); }
    // Everything up to the end, or until `enough` has been seen.
    const std::string& read_until(std::string_view enough) {
        while (enough.empty() || text_.find(enough) == std::string::npos) {
            const Bytes sealed = socket_.receive();
            if (sealed.empty()) break;
            client_.feed(sealed);
            Bytes plain;
            client_.read(plain);
            text_.append(reinterpret_cast<const char*>(plain.data()), plain.size());
        }
        return text_;
    }
    void forget_read() { text_.clear(); }
    bool ended() const { return client_.ended; }
    // Whose certificate the server showed.
    std::string subject() const {
        char name[256] = {};
        X509* const shown = SSL_get1_peer_certificate(client_.get());
        X509_NAME_oneline(X509_get_subject_name(shown), name, sizeof name);
        X509_free(shown);
        return name;
    }

  private:
    Socket socket_;
    tls::test::Client client_;
    std::string text_;
};

// An engine with a certificate in a folder of its own, running.
class Running {
  public:
    explicit Running(std::chrono::milliseconds header_timeout = std::chrono::seconds{10}) {
        put(tls::test::any_pair());
        std::string film(300'000, '\0');
        for (std::size_t i = 0; i < film.size(); ++i) film[i] = static_cast<char>('a' + i % 23);
        folder.write("media/film.mp4", film);
        Config config;
        config.http.port = 0;
        config.http.tls = tls::Files{folder.path() / "cert.pem", folder.path() / "key.pem"};
        config.http.media_folder = folder.path() / "media";
        config.http.header_timeout = header_timeout;
        config.log_level = "off";
        RoomRequest room;
        room.id = *RoomId::parse("demo");
        room.listed = true;
        room.permanent = true;
        config.rooms = {room};
        server = std::make_unique<Server>(config, "test");
        url = server->url();
        thread = std::thread{[this] { server->run(); }};
        token();
    }
    ~Running() { stop(); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    void stop() {
        if (!thread.joinable()) return;
        std::raise(SIGTERM);
        thread.join();
    }
    void put(const tls::test::Pair& pair) const {
        folder.write("cert.pem", pair.certificate);
        folder.write("key.pem", pair.key);
    }
    std::string answer(const std::string& request) const {
        SecureSocket socket{url};
        socket.send(request + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        std::string text = socket.read_until("");
        CHECK(socket.ended()); // whoever cuts the stream off cannot pretend that it is whole
        return text;
    }
    // Waits for a line of /metrics; the last page.
    std::string metrics_with(const std::string& line) const {
        std::string page;
        for (int look = 0; look < 200; ++look) {
            page = answer("GET /metrics");
            if (page.find(line) != std::string::npos) break;
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
        return page;
    }
    const std::string& token() {
        if (token_.empty()) {
            const std::string room = answer("GET /api/v1/rooms/demo");
            const std::size_t from = room.find("j.demo.");
            REQUIRE(from != std::string::npos);
            token_ = room.substr(from, room.find('"', from) - from);
        }
        return token_;
    }
    // Request and Hello in one go: nobody waits for the 101.
    std::unique_ptr<SecureSocket> viewer() {
        auto socket = std::make_unique<SecureSocket>(url);
        Hello hello;
        hello.protocol_min = hello.protocol_max = 1;
        hello.room = "demo";
        hello.join_token = token();
        hello.name = "Ann";
        const Bytes message = encode(ClientMessage{hello});
        socket->send(websocket::test::bytes_of("GET /ws/demo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                                               "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                               "Sec-WebSocket-Protocol: playhead.v1\r\n\r\n") +
                     websocket::test::binary(message));
        return socket;
    }

    TemporaryFolder folder;
    std::unique_ptr<Server> server;
    std::string url;
    std::thread thread;

  private:
    std::string token_;
};

bool has(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }

constexpr std::string_view pong = "\x8a\x05still"; // a server's frame

} // namespace

TEST_CASE("[H13] pages, media, the API and viewers are served through TLS, and the address says so") {
    Running engine;
    CHECK(engine.url.starts_with("https://127.0.0.1:"));
    CHECK(engine.answer("GET /healthz").starts_with("HTTP/1.1 200"));
    CHECK(engine.answer("POST /api/v1/rooms").starts_with("HTTP/1.1 201"));
    CHECK(engine.answer("GET /nothing").starts_with("HTTP/1.1 404"));
    const std::string film = engine.answer("GET /media/film.mp4");
    REQUIRE(has(film, "\r\n\r\n"));
    CHECK(film.substr(film.find("\r\n\r\n") + 4) == engine.folder.read("media/film.mp4"));
    CHECK(engine.answer("HEAD /media/film.mp4").ends_with("\r\n\r\n"));

    const auto viewer = engine.viewer();
    CHECK(viewer->read_until("\r\n\r\n").starts_with("HTTP/1.1 101"));
    CHECK(has(viewer->read_until("Ann"), "Ann")); // the snapshot: the Hello that came early was heard
    viewer->send(websocket::test::ping(websocket::test::bytes_of("still")));
    CHECK(has(viewer->read_until(pong), pong));
    const std::string page = engine.metrics_with("playhead_websocket_connections 1\n");
    CHECK(has(page, "playhead_websocket_connections 1\n"));
    CHECK(has(page, "playhead_http_tls_handshakes_refused_total 0\n"));
    engine.stop();
    CHECK(has(viewer->read_until(""), "\x88")); // a Close frame, sealed like everything before it
}

TEST_CASE("[H13] several requests on one connection, some sent ahead") {
    Running engine;
    SecureSocket socket{engine.url};
    const std::string request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    socket.send(request + request);
    socket.send(request);
    for (int i = 0; i < 2; ++i) socket.send("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    socket.send("GET /api/v1/time HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const std::string& all = socket.read_until("");
    CHECK(has(all, "clock_id"));
    std::size_t answers = 0;
    for (std::size_t at = all.find("HTTP/1.1 200"); at != std::string::npos; at = all.find("HTTP/1.1 200", at + 1))
        ++answers;
    CHECK(answers == 6);
}

TEST_CASE("[H13] a request without TLS is told what to do, noise and old versions are closed") {
    Running engine;
    const Socket plain{engine.url};
    plain.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string answer = plain.receive_all();
    CHECK(answer.starts_with("HTTP/1.1 400"));
    CHECK(has(answer, "\"tls_required\""));
    CHECK(has(answer, "https://"));
    const Socket noise{engine.url};
    noise.send(std::string(100, '\x17'));
    CHECK(noise.receive_all().size() <= 7);
    CHECK_THROWS_AS((SecureSocket{engine.url, {.version_min = TLS1_VERSION, .version_max = TLS1_1_VERSION}}),
                    std::runtime_error);
    CHECK(has(engine.metrics_with("playhead_http_tls_handshakes_refused_total 3\n"),
              "playhead_http_tls_handshakes_refused_total 3\n"));
}

TEST_CASE("[H9][H13] half a handshake and then silence ends with the header's time, and is nobody's") {
    Running engine{std::chrono::milliseconds{300}};
    const Socket silent{engine.url};
    const Socket half{engine.url};
    tls::test::Client client;
    client.handshake();
    const Bytes hello = client.take();
    half.send(std::span{hello}.first(hello.size() / 2));
    CHECK(silent.receive_all().empty());
    CHECK(half.receive_all().empty());
    CHECK(has(engine.metrics_with("playhead_http_tls_handshakes_refused_total 2\n"),
              "playhead_http_tls_handshakes_refused_total 2\n"));
    CHECK(has(engine.answer("GET /metrics"), "playhead_sessions 0\n"));
}

TEST_CASE("[H13] SIGHUP takes up a renewed certificate, keeps the old for what is wrong, and whoever is there stays") {
    Running engine;
    const auto before = engine.viewer();
    CHECK(has(before->read_until("Ann"), "Ann"));
    CHECK(has(before->subject(), "localhost"));

    engine.put(tls::test::make_pair({.name = "renewed.example"}));
    std::raise(SIGHUP);
    CHECK(has(engine.metrics_with("playhead_http_certificates_renewed_total 1\n"),
              "playhead_http_certificates_renewed_total 1\n"));
    CHECK(has(SecureSocket{engine.url}.subject(), "renewed.example"));
    const auto after = engine.viewer();
    CHECK(has(after->read_until("Ann"), "Ann"));

    engine.folder.write("key.pem", "nonsense");
    std::raise(SIGHUP);
    CHECK(has(engine.metrics_with("playhead_http_certificates_refused_total 1\n"),
              "playhead_http_certificates_refused_total 1\n"));
    CHECK(has(SecureSocket{engine.url}.subject(), "renewed.example"));
    for (SecureSocket* viewer : {before.get(), after.get()}) {
        viewer->forget_read();
        viewer->send(websocket::test::ping(websocket::test::bytes_of("still")));
        CHECK(has(viewer->read_until(pong), pong));
    }
}

TEST_CASE("[H13] a certificate that cannot be used stops the start, and is named") {
    const TemporaryFolder folder;
    Config config;
    config.http.port = 0;
    config.http.tls = tls::Files{folder.path() / "cert.pem", folder.path() / "key.pem"};
    CHECK_THROWS_WITH_AS((Server{config, "test"}), doctest::Contains("tls.certificate: '"), std::runtime_error);
    folder.write("cert.pem", tls::test::any_pair().certificate);
    folder.write("key.pem", tls::test::make_pair().key);
    CHECK_THROWS_WITH_AS((Server{config, "test"}), doctest::Contains("is not the key of this certificate"),
                         std::runtime_error);
}
