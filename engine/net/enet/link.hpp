#pragma once

#include "core/time.hpp"
#include "net/enet/datagram.hpp"
#include "net/enet/host.hpp"
#include "seal/connect_token.hpp"
#include "seal/packet.hpp"
#include "session/connection.hpp"
#include "session/rate_limit.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

// ENet's own names; the header stays in .cpp files.
struct _ENetPeer; // NOLINT(readability-identifier-naming,bugprone-reserved-identifier)

namespace playhead::enet {

// Where datagrams come from, as ENet has it: the bytes of an IPv4 address in network order, the port as a number.
struct Address {
    std::uint32_t host = 0;
    std::uint16_t port = 0;
    auto operator<=>(const Address&) const = default;
};
std::string to_text(const Address& address); // "127.0.0.1:5123"

class Link;

// What a link needs of its host.
class LinkOwner {
  public:
    // Before each call into ENet: tells it the time, and whose checksums it is to ask for.
    virtual void enter() = 0;
    // What was queued leaves at the end of this turn of the event loop.
    virtual void flush_soon() = 0;
    // Look at the link from time to time, and soon.
    virtual void watch(Link& link) = 0;
    // It is over; the owner's share in it goes.
    virtual void remove(Link& link) = 0;
    virtual const Settings& settings() const = 0;
    virtual ServerTime now() const = 0;
    virtual Counters& counters() = 0;

  protected:
    ~LinkOwner() = default;
};

// One address that has proven itself, from then until its end.
//     expected -> connecting -> open -> closing -> over
// It outlives the Connection that the session owns, and may be forgotten by it at any moment, even from inside a
// callback.
//   Owner: the host's table, shared with the Connection.
class Link : public std::enable_shared_from_this<Link> {
  public:
    enum class State : std::uint8_t { expected, connecting, open, closing, over };

    // Reliable bytes that may be unacknowledged before send() says that it is enough: what a socket's buffer is to TCP.
    static constexpr std::size_t in_flight_bytes_max = 32 * 1024;
    // Datagrams a second; a viewer in a busy room sends 60.
    static constexpr RateLimit::Budget datagram_budget{600, 1200};

    Link(LinkOwner& owner, const Address& address, const seal::ConnectGrant& grant);

    // ---- for the host
    void connecting(std::uint32_t connect_id);
    void open(_ENetPeer* peer);
    // A packet of the peer's; opened in place.
    void received(std::span<std::byte> packet);
    // Tells the owner that the connection has drained, if it has.
    void look_whether_drained();
    // The peer is gone for ENet; the session is told why, the host's share in the link ends.
    void end(const Error& error);
    // Ends it from our side, without ceremony: the peer is told once.
    void cut(const Error& error);
    // The host is going: nothing of it may be used any more.
    void abandon();
    bool overdue(ServerTime now) const { return state_ != State::open && now >= deadline_; }
    bool over_budget(ServerTime now) { return datagrams_.take(datagram_budget, now).has_value(); }

    State state() const { return state_; }
    const Address& address() const { return address_; }
    std::uint32_t connect_id() const { return connect_id_; }
    const seal::ConnectGrant& grant() const { return grant_; }
    const seal::HeaderChecksum& checksum_in() const { return checksum_in_; }
    const seal::HeaderChecksum& checksum_out() const { return checksum_out_; }
    // It has a deadline, or something under way that ENet may have to send again.
    bool to_watch() const { return state_ != State::open || in_flight_bytes_ > 0; }
    bool watched = false; // it stands in the host's list

    // ---- for the connection
    void start(ConnectionEvents& events) { events_ = &events; }
    bool send(std::span<const Frame> frames);
    std::size_t lossy_bytes_max() const;
    std::size_t bytes_waiting() const;
    void close(ErrorCode code);
    void forget(); // nobody is told anything any more
    const std::string& name() const { return name_; }

    // What ENet tells when a packet of ours is done with.
    void packet_gone(std::size_t bytes) { in_flight_bytes_ -= bytes; }

  private:
    void queue(const Frame& frame);

    LinkOwner* owner_; // null once the host is gone
    const Address address_;
    const std::string name_;
    const seal::ConnectGrant grant_;
    const seal::HeaderChecksum checksum_in_;
    const seal::HeaderChecksum checksum_out_;
    seal::PacketOpener opener_;
    seal::PacketSealer sealer_;
    State state_ = State::expected;
    ServerTime deadline_; // of every state but open
    ErrorCode close_code_ = ErrorCode::none;
    std::uint32_t connect_id_ = 0;
    _ENetPeer* peer_ = nullptr; // while open and closing
    ConnectionEvents* events_ = nullptr;
    std::size_t in_flight_bytes_ = 0; // reliable, queued or not acknowledged
    bool full_ = false;               // send() returned false; on_drained() has not followed yet
    RateLimit datagrams_;
};

std::unique_ptr<Connection> make_connection(std::shared_ptr<Link> link);

} // namespace playhead::enet
