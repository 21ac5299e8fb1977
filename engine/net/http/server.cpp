#include "net/http/server.hpp"

#include "net/http/connection.hpp"
#include "net/http/service.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include <exception>
#include <stdexcept>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace playhead::http {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds accept_pause{100};
constexpr std::string_view full_answer = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n"
                                         "Connection: close\r\n\r\n";

tcp::endpoint resolve(asio::io_context& io, const Settings& settings) {
    error_code failed;
    const auto address = asio::ip::make_address(settings.host, failed);
    if (!failed) return {address, settings.port};
    tcp::resolver resolver{io};
    const auto found = resolver.resolve(settings.host, std::to_string(settings.port), failed);
    if (failed || found.empty()) {
        throw std::runtime_error("cannot listen on '" + settings.host + "': " + failed.message() +
                                 "; give an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all");
    }
    return found.begin()->endpoint();
}

tcp::acceptor listen(asio::io_context& io, const Settings& settings) {
    const tcp::endpoint endpoint = resolve(io, settings);
    const std::string where = settings.host + ":" + std::to_string(settings.port);
    try {
        return tcp::acceptor{io, endpoint, true}; // reuse_address: no waiting for old connections after a restart
    } catch (const boost::system::system_error& failure) {
        std::string message = "cannot listen on " + where + ": " + failure.code().message();
        if (failure.code() == asio::error::address_in_use) {
            message += "; another program has this port: stop it, or choose another one with --listen HOST:PORT";
        } else if (failure.code() == asio::error::access_denied) {
            message += "; ports below 1024 need a privilege: choose another one with --listen HOST:PORT";
        } else {
            message += "; give an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all";
        }
        throw std::runtime_error(message);
    }
}

bool out_of_resources(const error_code& error) {
    return error == asio::error::no_descriptors || error == asio::error::no_buffer_space ||
           error == asio::error::no_memory || error == boost::system::errc::too_many_files_open_in_system;
}

} // namespace

struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
    Impl(asio::io_context& context, const Settings& settings, const RunFacts& facts, const Clock& clock,
         Backend& backend)
        : io(context),
          service(settings, facts, clock, backend),
          acceptor(listen(context, settings)),
          pause(context),
          log(spdlog::default_logger()->clone("http")) {}

    asio::awaitable<void> accept([[maybe_unused]] std::shared_ptr<Impl> self) {
        while (acceptor.is_open()) {
            auto [error, socket] = co_await acceptor.async_accept(use_tuple);
            if (!acceptor.is_open()) co_return;
            if (error) {
                // The connection stays in the kernel's queue, so asking again at once would only spin.
                if (out_of_resources(error) && service.counters().accept_pauses++ % 100 == 0) {
                    log->warn("accept paused error=\"{}\" connections={}", error.message(), connections.size());
                }
                pause.expires_after(accept_pause);
                co_await pause.async_wait(use_tuple);
                continue;
            }
            ++service.counters().connections_accepted;
            if (connections.size() >= service.settings().connections_max) {
                ++service.counters().connections_refused;
                error_code ignored;
                socket.non_blocking(true, ignored);
                socket.write_some(asio::buffer(full_answer), ignored);
                continue;
            }
            start(std::make_shared<HttpConnection>(std::move(socket), service));
        }
    }

    void start(const std::shared_ptr<HttpConnection>& connection) {
        connections.insert(connection.get());
        service.counters().connections_open = connections.size();
        asio::co_spawn(io, connection->run(connection),
                       [self = shared_from_this(), key = connection.get()](const std::exception_ptr& failure) {
                           self->ended(key, failure);
                       });
    }

    void ended(HttpConnection* connection, const std::exception_ptr& failure) {
        connections.erase(connection);
        service.counters().connections_open = connections.size();
        if (failure) {
            try {
                std::rethrow_exception(failure);
            } catch (const std::exception& exception) {
                log->error("connection failed error=\"{}\"", exception.what());
            }
        }
        if (connections.empty() && on_drained) std::exchange(on_drained, nullptr)();
    }

    asio::io_context& io;
    Service service;
    tcp::acceptor acceptor;
    asio::steady_timer pause;
    std::unordered_set<HttpConnection*> connections; // each owns itself and is erased as it ends
    std::function<void()> on_drained;
    std::shared_ptr<spdlog::logger> log;
};

Server::Server(asio::io_context& io, const Settings& settings, const RunFacts& facts, const Clock& clock,
               Backend& backend)
    : impl_(std::make_shared<Impl>(io, settings, facts, clock, backend)) {
    asio::co_spawn(io, impl_->accept(impl_), [impl = impl_](const std::exception_ptr& failure) {
        if (!failure) return;
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& exception) {
            impl->log->error("accept failed error=\"{}\"", exception.what());
        }
    });
}

Server::~Server() {
    error_code ignored;
    impl_->acceptor.close(ignored);
}

std::uint16_t Server::port() const { return impl_->acceptor.local_endpoint().port(); }

const Counters& Server::counters() const { return impl_->service.counters(); }

void Server::drain(std::function<void()> done) {
    error_code ignored;
    impl_->acceptor.close(ignored);
    impl_->pause.cancel();
    impl_->service.drain();
    for (HttpConnection* connection : impl_->connections) connection->finish();
    if (impl_->connections.empty()) return done();
    impl_->on_drained = std::move(done);
}

std::string to_prometheus(const Counters& counters) {
    std::string page;
    const auto add = [&page](std::string_view name, std::string_view type, std::string_view help, std::uint64_t value) {
        page.append("# HELP playhead_http_").append(name).append(" ").append(help).append("\n");
        page.append("# TYPE playhead_http_").append(name).append(" ").append(type).append("\n");
        page.append("playhead_http_").append(name).append(" ").append(std::to_string(value)).append("\n");
    };
    add("requests_total", "counter", "Requests, upgrades among them.", counters.requests);
    add("requests_refused_total", "counter", "Requests answered with a 4xx or 5xx status.", counters.requests_refused);
    add("connections", "gauge", "Open HTTP connections; joined viewers have left HTTP.", counters.connections_open);
    add("connections_total", "counter", "Connections accepted.", counters.connections_accepted);
    add("connections_refused_total", "counter", "Connections beyond connections_max.", counters.connections_refused);
    add("timeouts_total", "counter", "Deadlines that a peer missed, idle ones among them.",
        counters.connections_timed_out);
    add("accept_pauses_total", "counter", "Times no descriptor or memory was left for a connection.",
        counters.accept_pauses);
    add("upgrades_total", "counter", "WebSocket handshakes that succeeded.", counters.upgrades);
    add("upgrades_refused_total", "counter", "WebSocket handshakes that were refused.", counters.upgrades_refused);
    add("sent_bytes_total", "counter", "Bytes written, files among them.", counters.sent_bytes);
    return page;
}

} // namespace playhead::http
