#include "net/enet/host_core.hpp"

#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>
#include <enet/enet.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <linux/filter.h>
#include <stdexcept>
#include <sys/socket.h>
#include <utility>

namespace playhead::enet {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// ENet looks after what it has to send again only when it is asked to. With something under way that is often; else it
// only pings now and then.
constexpr std::chrono::milliseconds busy_interval{20};
constexpr std::chrono::milliseconds quiet_interval{250};

// Bursts of a thousand datagrams are ordinary: what everyone is told leaves at once.
constexpr int socket_buffer_bytes = 4 * 1024 * 1024; // as far as the machine allows

// Its own limit on what one peer may leave undelivered, mostly fragments of packets that are not whole yet.
constexpr std::size_t waiting_bytes_max = 4 * client_packet_bytes_max;

constexpr int failures_max = 4; // of one turn of the event loop

// What passes by itself; everything else is about one address.
bool passes(int error) {
    return error == 0 || error == EAGAIN || error == EINTR || error == ENOBUFS || error == ENOMEM || error == ENETDOWN;
}

ENetAddress address_of(const Settings& settings) {
    ENetAddress address{0, settings.port};
    if (::inet_pton(AF_INET, settings.host.c_str(), &address.host) != 1)
        throw std::runtime_error("ENet listens on an IPv4 address, such as 0.0.0.0, and '" + settings.host +
                                 "' is none");
    return address;
}

} // namespace

Counters& Counters::operator+=(const Counters& other) {
    constexpr std::uint64_t Counters::* numbers[] = {
        &Counters::links,
        &Counters::connected,
        &Counters::datagrams_received,
        &Counters::bytes_received,
        &Counters::datagrams_sent,
        &Counters::bytes_sent,
        &Counters::messages_received,
        &Counters::strangers_dropped,
        &Counters::handshakes_dropped,
        &Counters::handshakes_refused,
        &Counters::forbidden_dropped,
        &Counters::excess_dropped,
        &Counters::unopened_dropped,
        &Counters::blocked,
    };
    for (const auto number : numbers) this->*number += other.*number;
    return *this;
}

// ---- life

HostCore::HostCore(asio::io_context& io, const Settings& settings, const EngineRun& run, seal::UsedTokens& used_tokens,
                   const Clock& clock, Host::Attach attach)
    : settings_(settings),
      run_(run),
      cookies_(run.sealing_key),
      used_tokens_(used_tokens),
      clock_(clock),
      attach_(std::move(attach)),
      readable_(io),
      timer_(io) {
    listen();
    readable_.assign(host_->socket);
}

void HostCore::listen() {
    static const bool ready = enet_initialize() == 0; // it does nothing on this system, but asks to be called
    const ENetAddress address = address_of(settings_);
    enter();
    host_ = ready ? enet_host_create(&address, settings_.peers_max, channel_count, 0, 0) : nullptr;
    if (host_ == nullptr)
        throw std::runtime_error("cannot listen for ENet on UDP " + settings_.host + ":" +
                                 std::to_string(settings_.port) + ": " + std::strerror(errno) +
                                 "; is another engine running?");
    hook_in();
    host_->mtu = datagram_bytes_max;
    host_->maximumPacketSize = client_packet_bytes_max;
    host_->maximumWaitingData = waiting_bytes_max;
    host_->duplicatePeers = settings_.peers_per_address_max;
    enet_socket_set_option(host_->socket, ENET_SOCKOPT_RCVBUF, socket_buffer_bytes);
    enet_socket_set_option(host_->socket, ENET_SOCKOPT_SNDBUF, socket_buffer_bytes);
    limit_datagrams_in_kernel();
}

// A datagram longer than ENet's buffer makes it give up its round of reading, and an empty one makes it believe that
// there is no other; each round walks over all peers. Strangers could have that for one datagram each: so the kernel
// throws away what is longer than any of ours, and what is shorter than a header.
//   Source: socket(7), SO_ATTACH_FILTER; for UDP the filter's length counts the UDP header.
void HostCore::limit_datagrams_in_kernel() const {
    constexpr std::uint32_t udp_header_bytes = 8;
    constexpr std::uint32_t everything = 0xFFFF'FFFF;
    std::array<sock_filter, 5> program{{
        BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, std::uint32_t{datagram_bytes_max} + udp_header_bytes, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, std::uint32_t{datagram_bytes_min} + udp_header_bytes, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, everything),
    }};
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    // Where it cannot be had, everything works as well, and such a flood costs more.
    ::setsockopt(host_->socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

HostCore::~HostCore() { stop(); }

void HostCore::stop() {
    if (host_ == nullptr) return;
    readable_.release(); // ENet closes the socket
    timer_.cancel();
    enter();
    enet_host_destroy(std::exchange(host_, nullptr)); // packets of links go with it
    for (const auto& [address, link] : links_) link->abandon();
    links_.clear();
    by_connect_id_.clear();
}

std::uint16_t HostCore::port() const { return host_->address.port; }

void HostCore::start() {
    started_ = true;
    wait_readable();
    set_timer();
}

void HostCore::drain() {
    draining_ = true;
    for (auto next = links_.begin(); next != links_.end();) {
        const std::shared_ptr<Link> link = (next++)->second; // the others' places do not move
        if (link->state() == Link::State::expected) link->end({ErrorCode::draining, {}});
    }
}

// ---- the event loop

void HostCore::wait_readable() {
    readable_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](error_code failed) {
        if (failed || self->host_ == nullptr) return;
        self->service();
        self->wait_readable();
    });
}

void HostCore::set_timer() {
    busy_ = !watched_.empty();
    timer_.expires_after(busy_ ? busy_interval : quiet_interval);
    timer_.async_wait([self = shared_from_this()](error_code failed) {
        if (failed || self->host_ == nullptr) return;
        if (!self->links_.empty()) self->service();
        self->set_timer();
    });
}

void HostCore::flush_soon() {
    if (std::exchange(flush_posted_, true)) return;
    asio::post(readable_.get_executor(), [self = shared_from_this()] {
        self->flush_posted_ = false;
        if (self->host_ != nullptr) self->flush();
    });
}

void HostCore::flush() {
    enter();
    enet_host_flush(host_);
    count_traffic();
    if (started_ && !busy_ && !watched_.empty()) set_timer(); // sooner
}

void HostCore::service() {
    enter();
    // When somebody comes or goes ENet tells everybody the new share of a bandwidth that we do not limit.
    host_->recalculateBandwidthLimits = 0;
    ENetEvent event{};
    int failures = 0;
    for (;;) { // until there is nothing, or as many datagrams have come as ENet takes at a time
        errno = 0;
        const int happened = enet_host_service(host_, &event, 0);
        if (happened > 0) {
            handle(event);
            if (host_ == nullptr) return; // whoever heard of it has ended us
            enter();
            continue;
        }
        if (happened == 0 || ++failures > failures_max) break;
        if (!passes(errno)) drop_unreachable(errno);
    }
    count_traffic();
    look_at_watched();
}

void HostCore::handle(ENetEvent& event) {
    auto* link = static_cast<Link*>(event.peer->data);
    switch (event.type) {
    case ENET_EVENT_TYPE_NONE: break;
    case ENET_EVENT_TYPE_CONNECT: on_connected(event); break;
    case ENET_EVENT_TYPE_DISCONNECT:
        event.peer->data = nullptr;
        if (link != nullptr) link->end({ErrorCode::none, "the peer has gone, or answers no more"});
        break;
    case ENET_EVENT_TYPE_RECEIVE: {
        struct Destroy {
            void operator()(ENetPacket* packet) const { enet_packet_destroy(packet); }
        };
        const std::unique_ptr<ENetPacket, Destroy> packet{event.packet};
        const std::shared_ptr<Link> kept = link != nullptr ? link->shared_from_this() : nullptr;
        if (kept) kept->received(std::as_writable_bytes(std::span{packet->data, packet->dataLength}));
        break;
    }
    }
}

void HostCore::on_connected(ENetEvent& event) {
    event.peer->data = nullptr; // of whoever had this slot before
    Link* link = find(Address{event.peer->address.host, event.peer->address.port});
    if (link == nullptr || link->state() != Link::State::connecting || link->connect_id() != event.peer->connectID) {
        enet_peer_reset(event.peer); // its time was up
        return;
    }
    link->open(event.peer);
    attach_(RoomId{link->grant().room}, make_connection(link->shared_from_this()));
}

// ENet sends in the order of its peers and remembers when it last did: the last one of this round is the one at fault.
void HostCore::drop_unreachable(int error) {
    ENetPeer* at_fault = nullptr;
    // cppcheck-suppress nullPointerRedundantCheck ; it may go while what follows is told of it
    for (ENetPeer& peer : std::span{host_->peers, host_->peerCount}) {
        if (peer.state != ENET_PEER_STATE_DISCONNECTED && peer.lastSendTime == host_->serviceTime) at_fault = &peer;
    }
    if (at_fault == nullptr) return;
    Link* link = find(Address{at_fault->address.host, at_fault->address.port});
    const auto kept = link != nullptr ? link->shared_from_this() : nullptr;
    enet_peer_reset(at_fault);
    if (kept) kept->end({ErrorCode::none, std::string{"it cannot be reached: "} + std::strerror(error)});
    if (host_ != nullptr) enter();
}

void HostCore::count_traffic() {
    // Its own counters have 32 bits.
    counters_.datagrams_sent += std::exchange(host_->totalSentPackets, 0);
    counters_.bytes_sent += std::exchange(host_->totalSentData, 0);
    host_->totalReceivedPackets = host_->totalReceivedData = 0;
}

// ---- links

Link* HostCore::find(const Address& address) const {
    const auto found = links_.find(address);
    return found != links_.end() ? found->second.get() : nullptr;
}

void HostCore::watch(Link& link) {
    if (!std::exchange(link.watched, true)) watched_.push_back(link.weak_from_this());
}

void HostCore::look_at_watched() {
    for (const std::shared_ptr<Link>& link : std::exchange(replaced_, {}))
        link->cut({ErrorCode::none, "its address has come again with another token"});
    for (const std::weak_ptr<Link>& held : std::exchange(watched_, {})) {
        const std::shared_ptr<Link> link = held.lock();
        if (!link) continue;
        link->watched = false;
        if (link->overdue(now())) {
            forget_connecting(*link);
            link->cut({ErrorCode::none, "it did not connect in time, or did not acknowledge our goodbye"});
        }
        link->look_whether_drained();
        if (host_ == nullptr) return;
        if (link->state() != Link::State::over && link->to_watch()) watch(*link);
    }
}

// A peer that ENet has begun to make for somebody whose time is up.
void HostCore::forget_connecting(const Link& link) {
    if (link.state() != Link::State::connecting) return;
    for (ENetPeer& peer : std::span{host_->peers, host_->peerCount}) {
        const bool same = peer.connectID == link.connect_id() && peer.address.host == link.address().host &&
                          peer.address.port == link.address().port;
        if (same && peer.state != ENET_PEER_STATE_DISCONNECTED) enet_peer_reset(&peer);
    }
}

void HostCore::remove(Link& link) {
    const auto known = by_connect_id_.find(link.connect_id());
    if (known != by_connect_id_.end() && known->second == &link) by_connect_id_.erase(known);
    const auto found = links_.find(link.address());
    if (found != links_.end() && found->second.get() == &link) links_.erase(found);
}

// ---- Host

Host::Host(asio::io_context& io, const Settings& settings, const EngineRun& run, seal::UsedTokens& used_tokens,
           const Clock& clock, Attach attach)
    : core_(std::make_shared<HostCore>(io, settings, run, used_tokens, clock, std::move(attach))) {}
Host::~Host() { core_->stop(); }
void Host::start() { core_->start(); }
void Host::service() { core_->service(); }
void Host::drain() { core_->drain(); }
std::uint16_t Host::port() const { return core_->port(); }
const Counters& Host::counters() const { return core_->counters(); }

} // namespace playhead::enet
