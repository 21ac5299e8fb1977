#pragma once

#include "datagram_schedule.hpp"
#include "link.hpp"
#include "options.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace playhead::impair {

// What one link may hold back, both ways together; what comes beyond it is dropped, as a router drops it.
constexpr std::size_t held_bytes_max = 8 << 20;
constexpr std::size_t held_datagrams_max = 32 << 10;
// Source addresses at a time. One that has been silent for so long makes room for a new one.
constexpr std::size_t clients_max = 4096;
constexpr std::chrono::seconds client_idle_max{60};

// One listening UDP port: gives each source address a socket of its own to the server, so that the server tells
// clients apart, and holds each datagram back, drops it or doubles it as its client's schedules say.
//   Thread: that of the io_context.   Owner: main.
//   Errors: the constructor throws when the port is taken; a datagram that cannot be passed on is lost.
class UdpLink final : public Link {
  public:
    UdpLink(boost::asio::io_context& context, const LinkOptions& options);

    [[nodiscard]] std::uint16_t port() const override { return port_; }
    void stall(Microseconds length) override;
    void cut() override;
    void close() override;

  private:
    using Clock = std::chrono::steady_clock;
    using Udp = boost::asio::ip::udp;
    struct Client;
    struct Datagram {
        std::shared_ptr<Client> client;
        std::vector<char> bytes;
        bool to_server = false;
    };

    boost::asio::awaitable<void> receive_from_clients();
    boost::asio::awaitable<void> receive_from_server(std::shared_ptr<Client> client);
    boost::asio::awaitable<void> send();
    // Null when there are too many.
    std::shared_ptr<Client> client_at(const Udp::endpoint& address);
    void hold(const std::shared_ptr<Client>& client, bool to_server, const char* bytes, std::size_t size);
    void pass_on(const Datagram& datagram);
    void forget(Client& client);
    [[nodiscard]] Microseconds now() const;
    // When a datagram that is scheduled for `release` may really leave, stalls considered.
    [[nodiscard]] Microseconds due(Microseconds release) const;

    boost::asio::io_context& context_;
    LinkOptions options_;
    Clock::time_point started_ = Clock::now();
    Udp::socket listener_;
    Udp::endpoint to_;
    std::uint16_t port_ = 0;
    Bottleneck to_server_;
    Bottleneck to_client_;
    Microseconds stalled_until_{0};
    std::map<Udp::endpoint, std::shared_ptr<Client>> clients_;
    std::uint64_t clients_made_ = 0;
    std::multimap<Microseconds, Datagram> held_; // by release
    std::size_t held_bytes_ = 0;
    bool told_full_ = false;
    boost::asio::steady_timer changed_; // wakes send()
};

} // namespace playhead::impair
