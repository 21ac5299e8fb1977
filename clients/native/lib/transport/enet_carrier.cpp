#include "lib/transport/enet_carrier.hpp"

#include "lib/transport/enet_datagram.hpp"
#include "lib/transport/enet_handshake.hpp"
#include "playhead/room.hpp"
#include "replication/decode.hpp"
#include "seal/packet.hpp"

#include <enet/enet.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <deque>
#include <optional>
#include <random>
#include <span>
#include <utility>

namespace playhead::client {
namespace {

constexpr enet_uint32 datagram_bytes_max = 1200;
// What the longest message of the engine takes, and how much of what came too early may wait for what is missing.
constexpr std::size_t packet_bytes_max = server_message_bytes_max + seal::packet_overhead_bytes;
constexpr std::size_t waiting_bytes_max = 4 * packet_bytes_max;
// Longer messages are cut into pieces, and the engine takes pieces of reliable ones only.
constexpr std::size_t lossy_bytes_max = 1'000;
// What has been read and not yet been asked for.
constexpr std::size_t events_max = 256;
// A lost connection is noticed by the session's silence; ENet's own patience is a little longer.
constexpr enet_uint32 timeout_ms_min = 6'000;
constexpr enet_uint32 timeout_ms_max = 10'000;
constexpr double close_ms_max = 1'000;
// ENet sends again what was not acknowledged only when it is called.
constexpr double busy_gap_ms = 10;
constexpr double idle_gap_ms = 100;

enum Channel : enet_uint8 { channel_reliable, channel_sequenced, channel_unsequenced, channel_count };

class EnetCarrier final : public Carrier {
  public:
    EnetCarrier(EnetDoor door, double now_ms)
        : door_(std::move(door)),
          handshake_(door_.connect_token, door_.keys, now_ms),
          sealer_(door_.keys.client_to_engine),
          opener_(door_.keys.engine_to_client),
          checksum_out_(door_.keys.client_to_engine),
          checksum_in_(door_.keys.engine_to_client),
          polled_ms_(now_ms) {
        in_addr address{};
        if (::inet_pton(AF_INET, door_.address.c_str(), &address) == 1)
            open_host(address.s_addr);
        else
            fail("ENet speaks IPv4 only");
    }

    ~EnetCarrier() override {
        if (host_ == nullptr) return;
        const Turn turn{*this};
        if (peer_ != nullptr) enet_peer_disconnect_now(peer_, 0);
        enet_host_destroy(host_);
    }

    std::optional<CarrierEvent> poll(double now_ms) override {
        polled_ms_ = now_ms;
        if (events_.empty() && !ended_) run(now_ms);
        if (events_.empty()) return std::nullopt;
        CarrierEvent event = std::move(events_.front());
        events_.pop_front();
        return event;
    }

    double next_poll_ms() const override {
        if (!events_.empty()) return polled_ms_;
        if (ended_) return polled_ms_ + idle_gap_ms;
        const bool busy = peer_ == nullptr || !open_ || peer_->reliableDataInTransit > 0 || closing_until_ms_;
        return polled_ms_ + (busy ? busy_gap_ms : idle_gap_ms);
    }

    std::vector<int> wait_handles() const override {
        return host_ != nullptr && !ended_ ? std::vector<int>{host_->socket} : std::vector<int>{};
    }

    void send(ByteView message, Importance importance) override {
        if (!open_ || closing_until_ms_ || ended_) return;
        const bool lossy = importance == Importance::may_be_lost && message.size() <= lossy_bytes_max;
        const enet_uint32 flags = lossy ? ENET_PACKET_FLAG_UNSEQUENCED : ENET_PACKET_FLAG_RELIABLE;
        ENetPacket* packet = nullptr;
        if (door_.sealed) {
            packet = enet_packet_create(nullptr, message.size() + seal::packet_overhead_bytes, flags);
            if (packet == nullptr) return;
            sealer_.seal(message, std::as_writable_bytes(std::span{packet->data, packet->dataLength}));
        } else {
            packet = enet_packet_create(message.data(), message.size(), flags);
            if (packet == nullptr) return;
        }
        const Turn turn{*this};
        if (enet_peer_send(peer_, lossy ? channel_unsequenced : channel_reliable, packet) != 0)
            enet_packet_destroy(packet);
        enet_host_flush(host_); // a ping is stamped now
    }

    std::size_t buffered() const override { return peer_ != nullptr ? peer_->reliableDataInTransit : 0; }

    void close() override {
        if (closing_until_ms_ || ended_) return;
        if (!open_) return fail("the connection was given up");
        closing_until_ms_ = polled_ms_ + close_ms_max;
        const Turn turn{*this};
        enet_peer_disconnect_later(peer_, 0);
        enet_host_flush(host_);
    }

  private:
    // ENet's callbacks are told no more than the host; whose turn it is stands here, a thread's own.
    class Turn {
      public:
        explicit Turn(EnetCarrier& carrier) : before_(std::exchange(current, &carrier)) {}
        ~Turn() { current = before_; }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        static inline thread_local EnetCarrier* current = nullptr;

      private:
        EnetCarrier* before_;
    };

    void open_host(enet_uint32 address) {
        address_.host = address;
        address_.port = door_.port;
        ENetAddress from{.host = ENET_HOST_ANY, .port = ENET_PORT_ANY};
        if (!door_.from.empty() && ::inet_pton(AF_INET, door_.from.c_str(), &from.host) != 1)
            return fail("'" + door_.from + "' is no IPv4 address to write from");
        host_ = enet_host_create(door_.from.empty() ? nullptr : &from, 1, channel_count, 0, 0);
        if (host_ == nullptr) return fail("no UDP socket could be opened");
        // An engine wants connect ids to differ [E3]; ENet's own are the second and an address in memory, which the
        // forks of one process share.
        host_->randomSeed = std::random_device{}();
        host_->checksum = &EnetCarrier::on_checksum;
        host_->intercept = &EnetCarrier::on_datagram;
        host_->maximumPacketSize = packet_bytes_max;
        host_->maximumWaitingData = waiting_bytes_max;
        host_->mtu = datagram_bytes_max;
        host_->peers[0].mtu = datagram_bytes_max;
    }

    void run(double now_ms) {
        const Turn turn{*this};
        if (!handshake_.expected()) {
            if (const auto datagram = handshake_.due(now_ms)) send_raw(*datagram);
        }
        service();
        if (!handshake_.expected()) {
            if (const auto datagram = handshake_.due(now_ms)) send_raw(*datagram); // the answer to a challenge
            if (auto failure = handshake_.failure(now_ms)) end(std::move(*failure));
            return;
        }
        if (peer_ == nullptr && !ended_) connect();
        if (closing_until_ms_ && now_ms >= *closing_until_ms_) end(ending_of_disconnect(0));
    }

    void connect() {
        ENetPeer& slot = host_->peers[0];
        // Our own few lossy packets are never dropped here: whoever throttles them would only blur the clock.
        slot.packetThrottleAcceleration = ENET_PEER_PACKET_THROTTLE_SCALE;
        slot.packetThrottleDeceleration = 0;
        peer_ = enet_host_connect(host_, &address_, channel_count, 0);
        if (peer_ == nullptr) return fail("no ENet connection could be begun");
        enet_peer_timeout(peer_, ENET_PEER_TIMEOUT_LIMIT, timeout_ms_min, timeout_ms_max);
        enet_host_flush(host_);
    }

    void service() {
        ENetEvent event{};
        while (!ended_ && events_.size() < events_max && enet_host_service(host_, &event, 0) > 0) {
            switch (event.type) {
            case ENET_EVENT_TYPE_CONNECT:
                open_ = true;
                events_.push_back(Opened{.carrier = Transport::enet, .join_token = {}, .acknowledges = true});
                break;
            case ENET_EVENT_TYPE_DISCONNECT:
                peer_ = nullptr;
                end(open_ ? ending_of_disconnect(event.data) : unreachable("the engine does not connect over ENet"));
                break;
            case ENET_EVENT_TYPE_RECEIVE: take(*event.packet); break;
            case ENET_EVENT_TYPE_NONE: break;
            }
        }
    }

    void take(ENetPacket& packet) {
        std::span<std::byte> bytes = std::as_writable_bytes(std::span{packet.data, packet.dataLength});
        if (door_.sealed) {
            // What cannot be opened was not said by the engine, or was said before.
            if (const auto plain = opener_.open(bytes)) receive(*plain);
        } else {
            receive(bytes);
        }
        enet_packet_destroy(&packet);
    }

    void receive(ByteView message) {
        events_.push_back(Received{Bytes{message.begin(), message.end()}, local_now_ms()});
    }

    void send_raw(const Bytes& datagram) {
        ENetBuffer buffer{.data = const_cast<std::byte*>(datagram.data()), .dataLength = datagram.size()};
        enet_socket_send(host_->socket, &address_, &buffer, 1);
    }

    // Before ENet looks at a datagram.
    static int ENET_CALLBACK on_datagram(ENetHost* host, ENetEvent*) {
        constexpr int taken = 1;
        constexpr int not_mine = 0;
        EnetCarrier* self = Turn::current;
        if (self == nullptr) return taken;
        if (host->receivedAddress.host != self->address_.host || host->receivedAddress.port != self->address_.port)
            return taken; // a stranger
        const auto datagram = std::as_bytes(std::span{host->receivedData, host->receivedDataLength});
        if (seal::is_handshake(datagram)) {
            self->handshake_.received(datagram, local_now_ms());
            return taken;
        }
        return self->handshake_.expected() && engine_may_say(datagram) ? not_mine : taken;
    }

    // ENet has put the connect id, or zero before there is one, where the sum will stand.
    static enet_uint32 ENET_CALLBACK on_checksum(const ENetBuffer* buffers, std::size_t count) {
        const EnetCarrier* self = Turn::current;
        if (self == nullptr) return 0;
        const bool out = buffers == self->host_->buffers;
        const seal::HeaderChecksum& checksum = out ? self->checksum_out_ : self->checksum_in_;
        // Written up to `size` before it is read.
        std::array<std::byte, 2 * ENET_PROTOCOL_MAXIMUM_MTU> datagram; // NOLINT(*-member-init)
        std::size_t size = 0;
        for (const ENetBuffer& buffer : std::span{buffers, count}) {
            if (buffer.dataLength > datagram.size() - size) return 0;
            std::memcpy(datagram.data() + size, buffer.data, buffer.dataLength);
            size += buffer.dataLength;
        }
        return checksum.of(std::span{datagram}.first(size));
    }

    void fail(std::string why) { end(unreachable(std::move(why))); }

    void end(Ending ending) {
        if (std::exchange(ended_, true)) return;
        events_.push_back(Ended{std::move(ending)});
    }

    EnetDoor door_;
    EnetHandshake handshake_;
    seal::PacketSealer sealer_;
    seal::PacketOpener opener_;
    seal::HeaderChecksum checksum_out_;
    seal::HeaderChecksum checksum_in_;
    ENetAddress address_{};
    ENetHost* host_ = nullptr;
    ENetPeer* peer_ = nullptr; // from connecting until the end
    std::deque<CarrierEvent> events_;
    double polled_ms_;
    std::optional<double> closing_until_ms_;
    bool open_ = false;
    bool ended_ = false;
};

} // namespace

std::unique_ptr<Carrier> make_enet_carrier(EnetDoor door, double now_ms) {
    static const int ready = enet_initialize(); // does nothing on this system, and must be called all the same
    static_cast<void>(ready);
    return std::make_unique<EnetCarrier>(std::move(door), now_ms);
}

} // namespace playhead::client
