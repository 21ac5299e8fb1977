#include "net/enet/link.hpp"

#include <enet/enet.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace playhead::enet {
namespace {

// Of the lossy kinds ENet makes reliable fragments, on their own channel, when they are longer than this; and longer
// still in a datagram without fragments' headers. So nobody is asked to send them.
constexpr std::size_t datagram_headers_bytes =
    sizeof(ENetProtocolHeader) + sizeof(enet_uint32) + sizeof(ENetProtocolSendFragment);

// The throttle drops unreliable packets at the sender when round trips grow. Ours are few and repeated until they
// arrive: nothing is dropped, and nothing that a peer configures changes that.
void unthrottle(ENetPeer& peer) {
    peer.packetThrottle = ENET_PEER_PACKET_THROTTLE_SCALE;
    peer.packetThrottleLimit = ENET_PEER_PACKET_THROTTLE_SCALE;
    peer.packetThrottleAcceleration = ENET_PEER_PACKET_THROTTLE_SCALE;
    peer.packetThrottleDeceleration = 0;
}

// What a packet of ours holds on to until ENet is done with it.
struct Held {
    // Null if the packet need not be counted. Outlives the packet: ENet drops all before the link goes.
    Link* link = nullptr;
    Frame frame;
};

void ENET_CALLBACK done_with(ENetPacket* packet) {
    const std::unique_ptr<Held> held{static_cast<Held*>(packet->userData)};
    if (held->link != nullptr) held->link->packet_gone(packet->dataLength);
}

struct Way {
    Channel channel;
    enet_uint32 flags;
};
Way way_of(Delivery delivery) {
    switch (delivery) {
    case Delivery::sequenced: return {Channel::sequenced, 0};
    case Delivery::lossy: return {Channel::unsequenced, ENET_PACKET_FLAG_UNSEQUENCED};
    case Delivery::reliable: break;
    }
    return {Channel::reliable, ENET_PACKET_FLAG_RELIABLE};
}

} // namespace

std::string to_text(const Address& address) {
    std::string text;
    for (unsigned byte = 0; byte < 4; ++byte) // in network order: the first in memory comes first
        text += (byte == 0 ? "" : ".") + std::to_string(reinterpret_cast<const std::uint8_t*>(&address.host)[byte]);
    return text + ":" + std::to_string(address.port);
}

Link::Link(LinkOwner& owner, const Address& address, const seal::ConnectGrant& grant)
    : owner_(&owner),
      address_(address),
      name_(to_text(address)),
      grant_(grant),
      checksum_in_(grant.keys.client_to_engine),
      checksum_out_(grant.keys.engine_to_client),
      opener_(grant.keys.client_to_engine),
      sealer_(grant.keys.engine_to_client),
      deadline_(owner.now() + owner.settings().expected_time_max) {
    ++owner.counters().links;
}

void Link::connecting(std::uint32_t connect_id) {
    connect_id_ = connect_id;
    state_ = State::connecting;
}

void Link::open(_ENetPeer* peer) {
    assert(state_ == State::connecting);
    state_ = State::open;
    peer_ = peer;
    peer_->data = this;
    ++owner_->counters().connected;
    // ENet pings only to measure round trips and to notice the dead; viewers say enough by themselves.
    constexpr enet_uint32 ping_interval_ms = 5000;
    constexpr enet_uint32 timeout_ms_min = 5000;
    constexpr enet_uint32 timeout_ms_max = 10'000;
    enet_peer_ping_interval(peer_, ping_interval_ms);
    enet_peer_timeout(peer_, ENET_PEER_TIMEOUT_LIMIT, timeout_ms_min, timeout_ms_max);
    peer_->mtu = std::min<enet_uint32>(peer_->mtu, datagram_bytes_max);
    // The peer's own sending, too.
    enet_peer_throttle_configure(peer_, ENET_PEER_PACKET_THROTTLE_INTERVAL, ENET_PEER_PACKET_THROTTLE_SCALE, 0);
    unthrottle(*peer_);
}

void Link::received(std::span<std::byte> packet) {
    if (state_ != State::open || events_ == nullptr) return;
    ByteView message = packet;
    if (owner_->settings().sealed) {
        const auto opened = opener_.open(packet);
        if (!opened) {
            ++owner_->counters().unopened_dropped;
            return;
        }
        message = *opened;
    }
    ++owner_->counters().messages_received;
    events_->on_message(message);
}

// ---- sending

std::size_t Link::lossy_bytes_max() const {
    const std::size_t datagram = peer_ != nullptr ? peer_->mtu : datagram_bytes_max;
    return datagram - datagram_headers_bytes - (owner_ && owner_->settings().sealed ? seal::packet_overhead_bytes : 0);
}

void Link::queue(const Frame& frame) {
    const ByteView payload = frame.payload();
    const bool fits = payload.size() <= lossy_bytes_max();
    const auto [channel, flags] = way_of(fits ? frame.delivery() : Delivery::reliable);
    const bool reliable = (flags & ENET_PACKET_FLAG_RELIABLE) != 0;
    ENetPacket* packet = nullptr;
    if (owner_->settings().sealed) {
        packet = enet_packet_create(nullptr, payload.size() + seal::packet_overhead_bytes, flags);
        if (packet == nullptr) return;
        sealer_.seal(payload, std::as_writable_bytes(std::span{packet->data, packet->dataLength}));
        if (reliable) packet->userData = new Held{this, {}};
    } else {
        // ENet only reads what it sends; its packets have no const.
        const auto* bytes = reinterpret_cast<const enet_uint8*>(payload.data());
        packet = enet_packet_create(const_cast<enet_uint8*>(bytes), payload.size(), // NOLINT(*-const-cast)
                                    flags | ENET_PACKET_FLAG_NO_ALLOCATE);
        if (packet == nullptr) return;
        packet->userData = new Held{reliable ? this : nullptr, frame};
    }
    if (packet->userData != nullptr) packet->freeCallback = done_with;
    if (reliable) in_flight_bytes_ += packet->dataLength;
    // The limit is one for both directions, and ours are larger than a client's may be.
    peer_->host->maximumPacketSize = server_message_bytes_max + seal::packet_overhead_bytes;
    if (enet_peer_send(peer_, static_cast<enet_uint8>(channel), packet) != 0) enet_packet_destroy(packet);
    peer_->host->maximumPacketSize = client_packet_bytes_max;
}

bool Link::send(std::span<const Frame> frames) {
    if (state_ != State::open || owner_ == nullptr || frames.empty()) return true;
    unthrottle(*peer_);
    for (const Frame& frame : frames) queue(frame);
    owner_->flush_soon();
    if (in_flight_bytes_ > 0) owner_->watch(*this);
    if (in_flight_bytes_ <= in_flight_bytes_max) return true;
    full_ = true;
    ++owner_->counters().blocked;
    return false;
}

std::size_t Link::bytes_waiting() const {
    return in_flight_bytes_ > in_flight_bytes_max ? in_flight_bytes_ - in_flight_bytes_max : 0;
}

void Link::look_whether_drained() {
    if (!full_ || state_ != State::open || in_flight_bytes_ > in_flight_bytes_max) return;
    full_ = false;
    if (events_ != nullptr) events_->on_drained();
}

// ---- the end

void Link::close(ErrorCode code) {
    if (state_ != State::open || owner_ == nullptr) return;
    state_ = State::closing;
    close_code_ = code;
    deadline_ = owner_->now() + owner_->settings().close_time_max;
    owner_->enter();
    enet_peer_disconnect_later(peer_, std::to_underlying(code));
    owner_->watch(*this);
    owner_->flush_soon();
}

void Link::end(const Error& error) {
    if (state_ == State::over) return;
    const auto kept = shared_from_this();
    if (state_ == State::open || state_ == State::closing) --owner_->counters().connected;
    --owner_->counters().links;
    state_ = State::over;
    if (peer_ != nullptr) peer_->data = nullptr;
    peer_ = nullptr;
    owner_->remove(*this);
    owner_ = nullptr;
    if (ConnectionEvents* events = std::exchange(events_, nullptr)) events->on_closed(error);
}

void Link::cut(const Error& error) {
    if (peer_ != nullptr) {
        owner_->enter();
        enet_peer_disconnect_now(peer_, std::to_underlying(close_code_)); // and the slot is free
    }
    end(error);
}

void Link::abandon() {
    state_ = State::over;
    peer_ = nullptr;
    owner_ = nullptr;
    events_ = nullptr;
}

void Link::forget() {
    events_ = nullptr;
    if (state_ == State::open) cut({ErrorCode::none, {}});
}

namespace {

class EnetConnection final : public Connection {
  public:
    explicit EnetConnection(std::shared_ptr<Link> link) : link_(std::move(link)) {}
    ~EnetConnection() override { link_->forget(); }
    EnetConnection(const EnetConnection&) = delete;
    EnetConnection& operator=(const EnetConnection&) = delete;

    void start(ConnectionEvents& events) override { link_->start(events); }
    bool send(std::span<const Frame> frames) override { return link_->send(frames); }
    std::size_t lossy_bytes_max() const override { return link_->lossy_bytes_max(); }
    std::size_t bytes_waiting() const override { return link_->bytes_waiting(); }
    void close(ErrorCode code, std::string_view /*reason*/) override { link_->close(code); }
    const seal::ConnectGrant* grant() const override { return &link_->grant(); }
    const std::string& peer() const override { return link_->name(); }

  private:
    std::shared_ptr<Link> link_;
};

} // namespace

std::unique_ptr<Connection> make_connection(std::shared_ptr<Link> link) {
    return std::make_unique<EnetConnection>(std::move(link));
}

} // namespace playhead::enet
