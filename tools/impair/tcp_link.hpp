#pragma once

#include "link.hpp"
#include "options.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>

namespace playhead::impair {

// What one direction of one connection may hold back. Beyond it the proxy stops reading and TCP slows the sender:
// at 160 ms that still lets 50 Mbit/s through.
constexpr std::size_t queued_bytes_max = 1 << 20;
constexpr std::size_t read_bytes_max = 16 << 10;
constexpr std::size_t connections_max = 4096;

// One listening port: accepts, connects on, and holds each piece of both streams back as its schedule says.
// The set-up of a connection is not delayed, only bytes and the end of a stream are.
//   Thread: that of the io_context.   Owner: main.
//   Errors: the constructor throws when the port is taken; later errors close the one connection.
class TcpLink final : public Link {
  public:
    TcpLink(boost::asio::io_context& context, const LinkOptions& options);

    [[nodiscard]] std::uint16_t port() const override { return port_; }
    void stall(Microseconds length) override;
    // Closes every connection.
    void cut() override;
    void close() override;

  private:
    using Clock = std::chrono::steady_clock;
    using Tcp = boost::asio::ip::tcp;
    struct Connection;
    struct Pipe;

    boost::asio::awaitable<void> accept();
    boost::asio::awaitable<void> serve(Tcp::socket client, std::uint64_t number);
    boost::asio::awaitable<void> read(Pipe& pipe, Connection& connection);
    boost::asio::awaitable<void> write(Pipe& pipe, Connection& connection);
    [[nodiscard]] Microseconds now() const;
    // When a piece that is scheduled for `release` may really leave, stalls considered.
    [[nodiscard]] Microseconds due(Microseconds release) const;

    boost::asio::io_context& context_;
    LinkOptions options_;
    Clock::time_point started_ = Clock::now();
    Tcp::acceptor acceptor_;
    Tcp::endpoint to_;
    std::uint16_t port_ = 0;
    Bottleneck to_server_;
    Bottleneck to_client_;
    Microseconds stalled_until_{0};
    std::set<Connection*> connections_; // each lives in the frame of its serve()
};

} // namespace playhead::impair
