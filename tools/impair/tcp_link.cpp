#include "tcp_link.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <exception>
#include <utility>
#include <vector>

namespace playhead::impair {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;

namespace {
constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);
constexpr auto never = std::chrono::steady_clock::time_point::max();

void log_end(std::exception_ptr thrown) {
    if (!thrown) return;
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "playhead-impair: %s\n", error.what());
    }
}
} // namespace

struct TcpLink::Connection {
    Connection(TcpLink& owner, Tcp::socket accepted)
        : link(owner),
          client(std::move(accepted)),
          server(client.get_executor()) {
        link.connections_.insert(this);
    }
    ~Connection() { link.connections_.erase(this); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void close() {
        boost::system::error_code ignored;
        client.close(ignored);
        server.close(ignored);
        for (auto* timer : timers) timer->cancel();
    }

    TcpLink& link;
    Tcp::socket client;
    Tcp::socket server;
    std::vector<asio::steady_timer*> timers;
};

// One direction: the reader appends with a release time, the writer sends what is due. A timer is how each wakes the
// other; single-threaded, so whoever wakes looks again before it waits.
struct TcpLink::Pipe {
    Pipe(Connection& connection, Tcp::socket& source, Tcp::socket& sink, Bottleneck& link_bottleneck,
         DelaySchedule delays)
        : from(source),
          to(sink),
          bottleneck(link_bottleneck),
          schedule(delays),
          filled(source.get_executor(), never),
          drained(source.get_executor(), never) {
        connection.timers.push_back(&filled);
        connection.timers.push_back(&drained);
    }
    struct Piece {
        std::vector<char> bytes; // empty: the end of the stream
        Microseconds release;
    };
    Tcp::socket& from;
    Tcp::socket& to;
    Bottleneck& bottleneck;
    DelaySchedule schedule;
    std::deque<Piece> pieces;
    std::size_t queued_bytes = 0;
    asio::steady_timer filled;
    asio::steady_timer drained;
};

TcpLink::TcpLink(asio::io_context& context, const LinkOptions& options)
    : context_(context),
      options_(options),
      acceptor_(context),
      to_(asio::ip::make_address(options.to.host), options.to.port),
      to_server_(options.rate_kbps),
      to_client_(options.rate_kbps) {
    const Tcp::endpoint listen(asio::ip::make_address(options.listen.host), options.listen.port);
    acceptor_.open(listen.protocol());
    acceptor_.set_option(Tcp::acceptor::reuse_address(true));
    acceptor_.bind(listen);
    acceptor_.listen();
    port_ = acceptor_.local_endpoint().port();
    asio::co_spawn(context_, accept(), log_end);
}

Microseconds TcpLink::now() const { return std::chrono::duration_cast<Microseconds>(Clock::now() - started_); }

Microseconds TcpLink::due(Microseconds release) const {
    return after_stall(options_.stall, std::max(release, stalled_until_));
}

void TcpLink::stall(Microseconds length) { stalled_until_ = std::max(stalled_until_, now() + length); }

void TcpLink::cut() {
    for (auto* connection : connections_) connection->close();
}

void TcpLink::close() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    cut();
}

asio::awaitable<void> TcpLink::accept() {
    asio::steady_timer pause(context_);
    for (std::uint64_t number = 0; acceptor_.is_open(); ++number) {
        auto [error, client] = co_await acceptor_.async_accept(use_tuple);
        if (!acceptor_.is_open()) co_return;
        if (error) { // out of descriptors, most likely: trying again at once would spin
            pause.expires_after(std::chrono::milliseconds(100));
            co_await pause.async_wait(use_tuple);
            continue;
        }
        if (connections_.size() < connections_max) asio::co_spawn(context_, serve(std::move(client), number), log_end);
    }
}

asio::awaitable<void> TcpLink::serve(Tcp::socket client, std::uint64_t number) {
    Connection connection(*this, std::move(client));
    const auto [error] = co_await connection.server.async_connect(to_, use_tuple);
    if (error) {
        if (error == asio::error::operation_aborted) co_return; // cut, or ending
        std::fprintf(stderr, "playhead-impair: cannot connect to %s:%u: %s\n", options_.to.host.c_str(),
                     unsigned{options_.to.port}, error.message().c_str());
        co_return;
    }
    boost::system::error_code ignored; // a peer that is gone already shows at the first read
    connection.client.set_option(Tcp::no_delay(true), ignored);
    connection.server.set_option(Tcp::no_delay(true), ignored);
    Pipe up(connection, connection.client, connection.server, to_server_,
            DelaySchedule(options_.delay, direction_seed(options_.seed, number, true)));
    Pipe down(connection, connection.server, connection.client, to_client_,
              DelaySchedule(options_.delay_back, direction_seed(options_.seed, number, false)));
    co_await (read(up, connection) && write(up, connection) && read(down, connection) && write(down, connection));
}

asio::awaitable<void> TcpLink::read(Pipe& pipe, Connection& connection) {
    for (;;) {
        while (pipe.queued_bytes >= queued_bytes_max) {
            if (!pipe.from.is_open()) co_return;
            co_await pipe.drained.async_wait(use_tuple);
        }
        std::vector<char> bytes(read_bytes_max);
        const auto [error, size] = co_await pipe.from.async_read_some(asio::buffer(bytes), use_tuple);
        if (error && error != asio::error::eof) {
            connection.close();
            co_return;
        }
        bytes.resize(size);
        bytes.shrink_to_fit();
        const auto release = pipe.schedule.release(pipe.bottleneck.departure(now(), size));
        pipe.queued_bytes += size;
        pipe.pieces.push_back({std::move(bytes), release});
        pipe.filled.cancel();
        if (error) co_return;
    }
}

asio::awaitable<void> TcpLink::write(Pipe& pipe, Connection& connection) {
    for (;;) {
        // Timers may be woken early by the other side, or by a stall that came meanwhile: always look again.
        for (;;) {
            if (!pipe.to.is_open()) co_return;
            const auto time = pipe.pieces.empty() ? never : started_ + due(pipe.pieces.front().release);
            if (time <= Clock::now()) break;
            pipe.filled.expires_at(time);
            co_await pipe.filled.async_wait(use_tuple);
        }
        const auto piece = std::move(pipe.pieces.front());
        pipe.pieces.pop_front();
        if (piece.bytes.empty()) {
            boost::system::error_code ignored;
            pipe.to.shutdown(Tcp::socket::shutdown_send, ignored);
            co_return;
        }
        const auto [error, size] = co_await asio::async_write(pipe.to, asio::buffer(piece.bytes), use_tuple);
        if (error) {
            connection.close();
            co_return;
        }
        pipe.queued_bytes -= size;
        pipe.drained.cancel();
    }
}

} // namespace playhead::impair
