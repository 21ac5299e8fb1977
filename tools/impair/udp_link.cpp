#include "udp_link.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <utility>

namespace playhead::impair {

namespace asio = boost::asio;

namespace {
constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);
constexpr auto never = std::chrono::steady_clock::time_point::max();
constexpr std::size_t datagram_bytes_max = 65536;

void log_end(std::exception_ptr thrown) {
    if (!thrown) return;
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "playhead-impair: %s\n", error.what());
    }
}
} // namespace

struct UdpLink::Client {
    Client(asio::io_context& context, const LinkOptions& options, const Udp::endpoint& source, std::uint64_t number)
        : address(source),
          server(context),
          to_server(options.delay, options.faults, direction_seed(options.seed, number, true)),
          to_client(options.delay_back, options.faults, direction_seed(options.seed, number, false)) {}

    Udp::endpoint address;
    Udp::socket server; // closed: forgotten
    DatagramSchedule to_server;
    DatagramSchedule to_client;
    Clock::time_point heard = Clock::now();
};

UdpLink::UdpLink(asio::io_context& context, const LinkOptions& options)
    : context_(context),
      options_(options),
      listener_(context),
      to_(asio::ip::make_address(options.to.host), options.to.port),
      to_server_(options.rate_kbps),
      to_client_(options.rate_kbps),
      changed_(context, never) {
    const Udp::endpoint listen(asio::ip::make_address(options.listen.host), options.listen.port);
    listener_.open(listen.protocol());
    listener_.bind(listen);
    listener_.non_blocking(true);
    port_ = listener_.local_endpoint().port();
    asio::co_spawn(context_, receive_from_clients(), log_end);
    asio::co_spawn(context_, send(), log_end);
}

Microseconds UdpLink::now() const { return std::chrono::duration_cast<Microseconds>(Clock::now() - started_); }

Microseconds UdpLink::due(Microseconds release) const {
    return after_stall(options_.stall, std::max(release, stalled_until_));
}

void UdpLink::stall(Microseconds length) { stalled_until_ = std::max(stalled_until_, now() + length); }

void UdpLink::cut() {
    for (auto& [address, client] : clients_) forget(*client);
    clients_.clear();
    held_.clear();
    held_bytes_ = 0;
    changed_.cancel();
}

void UdpLink::close() {
    boost::system::error_code ignored;
    listener_.close(ignored);
    cut();
}

void UdpLink::forget(Client& client) {
    boost::system::error_code ignored;
    client.server.close(ignored);
}

std::shared_ptr<UdpLink::Client> UdpLink::client_at(const Udp::endpoint& address) {
    if (const auto found = clients_.find(address); found != clients_.end()) return found->second;
    if (clients_.size() >= clients_max) {
        std::erase_if(clients_, [&](auto& each) {
            const bool idle = Clock::now() - each.second->heard > client_idle_max;
            if (idle) forget(*each.second);
            return idle;
        });
        if (clients_.size() >= clients_max) return nullptr;
    }
    auto client = std::make_shared<Client>(context_, options_, address, clients_made_++);
    boost::system::error_code error;
    client->server.open(to_.protocol(), error);
    if (!error) client->server.connect(to_, error);
    if (!error) client->server.non_blocking(true, error);
    if (error) {
        std::fprintf(stderr, "playhead-impair: no socket to %s:%u: %s\n", options_.to.host.c_str(),
                     unsigned{options_.to.port}, error.message().c_str());
        return nullptr;
    }
    clients_.emplace(address, client);
    asio::co_spawn(context_, receive_from_server(client), log_end);
    return client;
}

asio::awaitable<void> UdpLink::receive_from_clients() {
    std::vector<char> buffer(datagram_bytes_max);
    Udp::endpoint source;
    asio::steady_timer pause(context_);
    for (;;) {
        const auto [error, size] = co_await listener_.async_receive_from(asio::buffer(buffer), source, use_tuple);
        if (!listener_.is_open()) co_return;
        if (error) { // trying again at once could spin
            pause.expires_after(std::chrono::milliseconds(10));
            co_await pause.async_wait(use_tuple);
            continue;
        }
        if (const auto client = client_at(source)) {
            client->heard = Clock::now();
            hold(client, true, buffer.data(), size);
        }
    }
}

asio::awaitable<void> UdpLink::receive_from_server(std::shared_ptr<Client> client) {
    std::vector<char> buffer(datagram_bytes_max);
    for (;;) {
        const auto [error, size] = co_await client->server.async_receive(asio::buffer(buffer), use_tuple);
        if (!client->server.is_open()) co_return;
        // Refused means that the server was not there for an earlier datagram: that one is lost, the next may not be.
        if (error == asio::error::connection_refused) continue;
        if (error) {
            forget(*client);
            clients_.erase(client->address);
            co_return;
        }
        hold(client, false, buffer.data(), size);
    }
}

void UdpLink::hold(const std::shared_ptr<Client>& client, bool to_server, const char* bytes, std::size_t size) {
    auto& bottleneck = to_server ? to_server_ : to_client_;
    auto& schedule = to_server ? client->to_server : client->to_client;
    for (const auto release : schedule.releases(bottleneck.departure(now(), size))) {
        if (held_.size() >= held_datagrams_max || held_bytes_ + size > held_bytes_max) {
            if (!std::exchange(told_full_, true))
                std::fprintf(stderr,
                             "playhead-impair: the UDP link on port %u holds back %zu datagrams (%zu bytes), its "
                             "limit; dropping what comes beyond it\n",
                             unsigned{port_}, held_.size(), held_bytes_);
            return;
        }
        const auto place = held_.emplace(release, Datagram{client, {bytes, bytes + size}, to_server});
        held_bytes_ += size;
        if (place == held_.begin()) changed_.cancel();
    }
}

void UdpLink::pass_on(const Datagram& datagram) {
    // Would-block or refused: lost, which is what happens to datagrams.
    boost::system::error_code lost;
    if (datagram.to_server) {
        datagram.client->server.send(asio::buffer(datagram.bytes), 0, lost);
    } else {
        listener_.send_to(asio::buffer(datagram.bytes), datagram.client->address, 0, lost);
    }
}

asio::awaitable<void> UdpLink::send() {
    while (listener_.is_open()) {
        // The timer may be woken early by an earlier datagram, by a cut, or find a stall that came meanwhile: always
        // look again.
        const auto time = held_.empty() ? never : started_ + due(held_.begin()->first);
        if (time > Clock::now()) {
            changed_.expires_at(time);
            co_await changed_.async_wait(use_tuple);
            continue;
        }
        const auto datagram = held_.extract(held_.begin());
        held_bytes_ -= datagram.mapped().bytes.size();
        if (datagram.mapped().client->server.is_open()) pass_on(datagram.mapped());
    }
}

} // namespace playhead::impair
