#pragma once

#include "net/recorder.hpp"
#include "net/tls/test_certificate.hpp"
#include "net/tls/tls_client.hpp"
#include "net/websocket/client_frames.hpp"
#include "net/websocket/connection.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace playhead::websocket::test {

using testing::Recorder;

struct ServerFrame {
    unsigned first = 0;
    Bytes payload;
    bool operator==(const ServerFrame&) const = default;
};

// A connection over a real TCP socket of the loopback device, and the raw client end of it; through TLS, if it is given
// two ends that have shaken hands.
class Link {
  public:
    // Small kernel buffers, so that a client that does not read is noticed soon.
    explicit Link(Shared& shared, ByteView already_read = {}, int buffer_bytes = 4096, tls::test::Connected tls = {})
        : client_tls(std::move(tls.client)) {
        namespace asio = boost::asio;
        using asio::ip::tcp;
        tcp::acceptor acceptor{io};
        acceptor.open(tcp::v4());
        acceptor.set_option(asio::socket_base::send_buffer_size(buffer_bytes)); // what it accepts inherits them
        acceptor.bind({asio::ip::address_v4::loopback(), 0});
        acceptor.listen();
        tcp::socket client{io, tcp::v4()};
        client.set_option(asio::socket_base::receive_buffer_size(buffer_bytes));
        client.connect(acceptor.local_endpoint());
        client_port = client.local_endpoint().port();
        Socket server = acceptor.accept(io.get_executor());
        client.native_non_blocking(true);
        client_ = client.release();
        connection = make_connection(std::move(server), shared, already_read, std::move(tls.server));
    }
    ~Link() {
        hang_up();
        connection.reset();
        io.poll();
    }
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    // Lets the event loop turn until `done`; false if that takes longer than anything here should.
    bool run_until(const std::function<bool()>& done) {
        const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        while (!done()) {
            if (std::chrono::steady_clock::now() > give_up) return false;
            read();
            io.restart();
            io.run_one_for(std::chrono::milliseconds{1});
        }
        return true;
    }
    // Everything that is due now.
    void settle() {
        for (int i = 0; i < 20; ++i) {
            io.restart();
            io.poll();
        }
    }

    // Bytes to the engine's end, while that reads.
    void write(const Bytes& bytes) {
        if (!client_tls) return write_raw(bytes);
        client_tls->write(bytes);
        write_raw(client_tls->take());
    }
    void write_raw(const Bytes& bytes) {
        std::size_t done = 0;
        while (done < bytes.size() && client_ >= 0) {
            const auto sent = ::send(client_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
            if (sent > 0) {
                done += static_cast<std::size_t>(sent);
            } else if (sent == 0 || errno != EAGAIN) {
                return;
            }
            io.restart();
            io.poll();
        }
    }
    // What has arrived at the client; nothing is read while `reading` is off.
    void read() {
        if (!reading || client_ < 0) return;
        std::array<std::byte, 65536> buffer; // NOLINT(*-member-init): read into
        for (;;) {
            const auto got = ::recv(client_, buffer.data(), buffer.size(), 0);
            if (got <= 0) {
                if (got == 0) end_seen = true;
                if (got < 0 && errno == ECONNRESET) reset_seen = true;
                return;
            }
            const auto bytes = std::span{buffer}.first(static_cast<std::size_t>(got));
            if (client_tls) {
                client_tls->feed(bytes);
                client_tls->read(received);
            } else {
                received.insert(received.end(), bytes.begin(), bytes.end());
            }
        }
    }
    // The whole frames received, which must be as RFC 6455 wants them of a server.
    std::vector<ServerFrame> frames() const {
        std::vector<ServerFrame> all;
        std::size_t at = 0;
        const auto number = [&](std::size_t bytes) {
            std::size_t value = 0;
            for (std::size_t i = 0; i < bytes; ++i) value = value << 8U | std::to_integer<std::size_t>(received[at++]);
            return value;
        };
        while (received.size() - at >= 2) {
            const auto first = static_cast<unsigned>(number(1));
            std::size_t length = number(1);
            CHECK(length < 128); // unmasked
            const std::size_t more = length == 126 ? 2 : length == 127 ? 8 : 0;
            if (received.size() - at < more) break;
            if (more > 0) length = number(more);
            if (received.size() - at < length) break;
            const auto from = received.begin() + static_cast<std::ptrdiff_t>(at);
            all.push_back({first, Bytes(from, from + static_cast<std::ptrdiff_t>(length))});
            at += length;
        }
        return all;
    }
    // The payloads of the binary messages among them.
    std::vector<Bytes> messages() const {
        std::vector<Bytes> payloads;
        for (auto& frame : frames())
            if (frame.first == 0x82) payloads.push_back(std::move(frame.payload));
        return payloads;
    }
    // The code of the Close frame received; 1005 for an empty one.
    std::optional<unsigned> close_code() const {
        for (const auto& frame : frames()) {
            if (frame.first != 0x88) continue;
            if (frame.payload.empty()) return 1005;
            return std::to_integer<unsigned>(frame.payload.at(0)) << 8U |
                   std::to_integer<unsigned>(frame.payload.at(1));
        }
        return std::nullopt;
    }

    // The client goes: with a FIN, or with a reset.
    void hang_up() {
        if (client_ >= 0) ::close(std::exchange(client_, -1));
    }
    void reset() {
        const linger hard{1, 0};
        ::setsockopt(client_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        hang_up();
    }
    void shut_writing() const {
        if (client_ >= 0) ::shutdown(client_, SHUT_WR);
    }

    boost::asio::io_context io{1};
    std::unique_ptr<tls::test::Client> client_tls; // null: plain
    std::unique_ptr<Connection> connection;
    std::uint16_t client_port = 0;
    bool reading = true;
    bool end_seen = false;
    bool reset_seen = false;
    Bytes received;

  private:
    int client_ = -1;
};

// The same through TLS.
class SecureLink : public Link {
  public:
    explicit SecureLink(Shared& shared, const tls::test::Client::Wish& wish = {})
        : Link(shared, {}, 4096, tls::test::connect(tls::test::any_context(), wish)) {}
};

} // namespace playhead::websocket::test
