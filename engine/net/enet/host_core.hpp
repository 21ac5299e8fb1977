#pragma once

#include "net/enet/host.hpp"
#include "net/enet/link.hpp"
#include "seal/handshake.hpp"
#include "session/rate_limit.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

// ENet's own names; the header stays in .cpp files.
struct _ENetEvent; // NOLINT(readability-identifier-naming,bugprone-reserved-identifier)
struct _ENetHost;  // NOLINT(readability-identifier-naming,bugprone-reserved-identifier)

namespace playhead::enet {

// The host itself, which the handlers of its event loop share.
//
// ENet calls back without saying for whom: so whoever calls into it enters first (a variable of the thread), which also
// sets ENet's clock, a global that otherwise follows the wall clock and its leaps. Hosts of several threads would share
// that clock, and all set it to the same.
//
// How the keyed checksum finds its key. Receiving: intercept has just looked up the address. Sending: ENet puts the
// connect id of the peer (which the client chose) where the checksum will stand; so no two links may have the same one,
// and a client must number its own peer, or ENet would put 0 there ([E3], connect_request()).
//   Files: host.cpp           the socket, the event loop, what ENet tells
//          host_datagrams.cpp which datagrams ENet sees, and their checksums
//          host_handshake.cpp who may come in
class HostCore final : public LinkOwner, public std::enable_shared_from_this<HostCore> {
  public:
    HostCore(boost::asio::io_context& io, const Settings& settings, const EngineRun& run, seal::UsedTokens& used_tokens,
             const Clock& clock, Host::Attach attach);
    ~HostCore();
    HostCore(const HostCore&) = delete;
    HostCore& operator=(const HostCore&) = delete;

    void start();
    void service();
    void drain();
    void stop();
    std::uint16_t port() const;

    // ---- LinkOwner
    void enter() override;
    void flush_soon() override;
    void watch(Link& link) override;
    void remove(Link& link) override;
    const Settings& settings() const override { return settings_; }
    ServerTime now() const override { return clock_.now(); }
    Counters& counters() override { return counters_; }

    // ---- what ENet calls
    // False: ENet does not get to see it.
    bool let_in(const Address& from, std::span<std::byte> datagram);
    bool sends_from(const void* buffers) const;
    std::uint32_t checksum_in(std::span<const std::byte> datagram) const;
    std::uint32_t checksum_out(std::span<const std::byte> datagram, std::uint32_t connect_id) const;

  private:
    // ---- host.cpp
    void listen();
    void limit_datagrams_in_kernel() const;
    void wait_readable();
    void set_timer();
    void flush();
    void handle(_ENetEvent& event);
    void on_connected(_ENetEvent& event);
    // A send has failed for good: the rest of ENet's round waits behind it, so whoever it was for must go.
    void drop_unreachable(int error);
    void look_at_watched();
    void count_traffic();
    Link* find(const Address& address) const;
    void forget_connecting(const Link& link);

    // ---- host_datagrams.cpp
    void hook_in();
    bool let_in_connect(Link& link, std::span<std::byte> datagram, const Head& head);

    // ---- host_handshake.cpp
    void on_handshake(const Address& from, std::span<const std::byte> datagram);
    void on_ask(const Address& from, const seal::Ask& ask);
    void on_answer(const Address& from, const seal::Answer& answer);
    // Why a proven newcomer has to stay outside; none if it need not.
    ErrorCode refusal(const Address& from, const seal::ConnectGrant& grant);
    void say(const Address& to, const seal::Handshake& words);

    const Settings settings_;
    const EngineRun run_;
    const seal::CookieJar cookies_;
    seal::UsedTokens& used_tokens_;
    const Clock& clock_;
    const Host::Attach attach_;
    Counters counters_;
    bool draining_ = false;
    RateLimit handshakes_;

    _ENetHost* host_ = nullptr;
    std::map<Address, std::shared_ptr<Link>> links_;         // peers_max at most
    std::unordered_map<std::uint32_t, Link*> by_connect_id_; // those that are more than expected
    std::vector<std::weak_ptr<Link>> watched_;
    std::vector<std::shared_ptr<Link>> replaced_; // at their addresses; to be told
    Link* receiving_ = nullptr;                   // whose datagram ENet looks at now

    boost::asio::posix::stream_descriptor readable_;
    boost::asio::steady_timer timer_;
    bool started_ = false;
    bool busy_ = false; // what the timer was set for
    bool flush_posted_ = false;
};

} // namespace playhead::enet
