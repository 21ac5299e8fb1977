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
#include <optional>
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
constexpr std::chrono::hours certificate_warning{7 * 24}; // whoever renews certificates should have done so by then
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
    Impl(asio::io_context& context, const Settings& settings, const RunFacts& facts, const Clock& wall_clock,
         Backend& backend)
        : io(context),
          clock(wall_clock),
          service(settings, facts, wall_clock, backend),
          acceptor(listen(context, settings)),
          pause(context),
          look_timer(context),
          log(spdlog::default_logger()->clone("http")) {
        if (!settings.tls) return;
        certificates.emplace(*settings.tls);
        log_certificate("certificate_used");
    }

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
                if (certificates) continue; // not worth a handshake
                error_code ignored;
                socket.non_blocking(true, ignored);
                socket.write_some(asio::buffer(full_answer), ignored);
                continue;
            }
            start(std::make_shared<HttpConnection>(std::move(socket), certificates ? certificates->current() : nullptr,
                                                   service));
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

    asio::awaitable<void> watch_certificates([[maybe_unused]] std::shared_ptr<Impl> self) {
        while (acceptor.is_open()) {
            look_timer.expires_after(service.settings().certificate_look_interval);
            co_await look_timer.async_wait(use_tuple);
            if (acceptor.is_open()) look_at_certificates(true);
        }
    }

    // Connections keep what they began with.
    void look_at_certificates(bool patient) {
        if (!certificates) return;
        const auto look = certificates->look(patient);
        if (!look) {
            ++service.counters().certificates_refused;
            log->error("certificate_not_renewed why=\"{}\" (the one before stays in use)", look.error());
        } else if (*look == tls::Certificates::Look::renewed) {
            ++service.counters().certificates_renewed;
            log_certificate("certificate_renewed");
        }
    }

    void log_certificate(std::string_view what) {
        const tls::Context& context = *certificates->current();
        service.counters().certificate_expires_s = context.expires().time_since_epoch().count();
        const auto left = context.expires() - std::chrono::sys_time{std::chrono::microseconds{clock.unix_us()}};
        log->log(left < certificate_warning ? spdlog::level::warn : spdlog::level::info,
                 "{} subject=\"{}\" expires_in_h={}", what, context.subject(),
                 std::chrono::floor<std::chrono::hours>(left).count());
    }

    asio::io_context& io;
    const Clock& clock;
    Service service;
    tcp::acceptor acceptor;
    asio::steady_timer pause;
    asio::steady_timer look_timer;
    std::optional<tls::Certificates> certificates;   // none: plain HTTP
    std::unordered_set<HttpConnection*> connections; // each owns itself and is erased as it ends
    std::function<void()> on_drained;
    std::shared_ptr<spdlog::logger> log;
};

Server::Server(asio::io_context& io, const Settings& settings, const RunFacts& facts, const Clock& clock,
               Backend& backend)
    : impl_(std::make_shared<Impl>(io, settings, facts, clock, backend)) {
    const auto log_failure = [impl = impl_](const std::exception_ptr& failure) {
        if (!failure) return;
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& exception) {
            impl->log->error("accept failed error=\"{}\"", exception.what());
        }
    };
    asio::co_spawn(io, impl_->accept(impl_), log_failure);
    if (impl_->certificates) asio::co_spawn(io, impl_->watch_certificates(impl_), log_failure);
}

Server::~Server() {
    error_code ignored;
    impl_->acceptor.close(ignored);
    impl_->look_timer.cancel();
}

std::uint16_t Server::port() const { return impl_->acceptor.local_endpoint().port(); }

bool Server::secure() const { return impl_->certificates.has_value(); }

void Server::look_at_certificates() { impl_->look_at_certificates(false); }

const Counters& Server::counters() const { return impl_->service.counters(); }

void Server::drain(std::function<void()> done) {
    error_code ignored;
    impl_->acceptor.close(ignored);
    impl_->pause.cancel();
    impl_->look_timer.cancel();
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
    add("tls_handshakes_total", "counter", "TLS handshakes that succeeded.", counters.tls_handshakes);
    add("tls_handshakes_refused_total", "counter", "TLS handshakes that did not, plain requests among them.",
        counters.tls_handshakes_refused);
    add("certificates_renewed_total", "counter", "Times a new certificate was taken up.",
        counters.certificates_renewed);
    add("certificates_refused_total", "counter", "Times new certificate files could not be used.",
        counters.certificates_refused);
    add("certificate_expires_seconds", "gauge", "Unix time at which the certificate expires; 0: there is none.",
        static_cast<std::uint64_t>(counters.certificate_expires_s));
    return page;
}

} // namespace playhead::http
