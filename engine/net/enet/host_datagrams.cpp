#include "net/enet/host_core.hpp"

#include <enet/enet.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

// What ENet calls with each datagram that comes and goes, and what it gets to see of them.
namespace playhead::enet {
namespace {

thread_local HostCore* entered = nullptr;

// A datagram as ENet is about to send it, or has received it.
class Gathered {
  public:
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): what is not written is not read
    Gathered(const ENetBuffer* buffers, std::size_t count) {
        for (const ENetBuffer& buffer : std::span{buffers, count}) {
            const std::size_t part = std::min(buffer.dataLength, bytes_.size() - size_);
            std::memcpy(bytes_.data() + size_, buffer.data, part);
            size_ += part;
        }
    }
    std::span<const std::byte> bytes() const { return std::span{bytes_}.first(size_); }

  private:
    std::array<std::byte, ENET_PROTOCOL_MAXIMUM_MTU> bytes_;
    std::size_t size_ = 0;
};

int ENET_CALLBACK on_datagram(ENetHost* host, ENetEvent* /*event*/) {
    constexpr int passed_on = 0;
    constexpr int intercepted = 1;
    const Address from{host->receivedAddress.host, host->receivedAddress.port};
    const auto datagram = std::as_writable_bytes(std::span{host->receivedData, host->receivedDataLength});
    return entered->let_in(from, datagram) ? passed_on : intercepted;
}

enet_uint32 ENET_CALLBACK on_checksum(const ENetBuffer* buffers, std::size_t count) {
    const Gathered datagram{buffers, count};
    if (!entered->sends_from(buffers)) return entered->checksum_in(datagram.bytes());
    // The first buffer is the header; the checksum is its end.
    std::uint32_t connect_id = 0;
    const auto* header_end = static_cast<const std::byte*>(buffers->data) + buffers->dataLength;
    std::memcpy(&connect_id, header_end - sizeof connect_id, sizeof connect_id);
    return entered->checksum_out(datagram.bytes(), connect_id);
}

} // namespace

void HostCore::enter() {
    entered = this;
    // Zero means "never" in some of its fields.
    constexpr std::int64_t never_ms = 1;
    const auto since_start = std::chrono::floor<std::chrono::milliseconds>(clock_.now().time_since_epoch());
    enet_time_set(static_cast<enet_uint32>(since_start.count() + never_ms));
}

// ENet's own CRC fills a table at first use, whichever thread that is; ours has no table.
void HostCore::hook_in() {
    host_->intercept = on_datagram;
    host_->checksum = on_checksum;
}

std::uint32_t HostCore::checksum_in(std::span<const std::byte> datagram) const {
    return receiving_ != nullptr ? receiving_->checksum_in().of(datagram) : 0;
}

std::uint32_t HostCore::checksum_out(std::span<const std::byte> datagram, std::uint32_t connect_id) const {
    const auto link = by_connect_id_.find(connect_id);
    return link != by_connect_id_.end() ? link->second->checksum_out().of(datagram) : 0;
}

bool HostCore::let_in(const Address& from, std::span<std::byte> datagram) {
    receiving_ = nullptr;
    ++counters_.datagrams_received;
    counters_.bytes_received += datagram.size();
    if (seal::is_handshake(datagram)) {
        on_handshake(from, datagram);
        return false;
    }
    Link* link = find(from);
    if (link == nullptr) {
        ++counters_.strangers_dropped;
        return false;
    }
    if (link->over_budget(now())) {
        ++counters_.excess_dropped;
        return false;
    }
    const auto head = head_of(datagram);
    bool fine = head.has_value();
    if (fine && head->peer == none_peer) {
        fine = let_in_connect(*link, datagram, *head);
    } else if (fine) {
        const ENetPeer* peer = head->peer < host_->peerCount ? &host_->peers[head->peer] : nullptr;
        const bool has_channels = peer != nullptr && peer->channels != nullptr;
        fine = peer != nullptr &&
               may_say(datagram, *head, has_channels ? peer->channels->incomingReliableSequenceNumber : 0);
    }
    if (fine) {
        receiving_ = link;
    } else {
        ++counters_.forbidden_dropped;
    }
    return fine;
}

// One connection for each token. The checksum is looked at here already: what it asks for is written down, and changed.
bool HostCore::let_in_connect(Link& link, std::span<std::byte> datagram, const Head& head) {
    const auto request = connect_request(datagram, head);
    if (!request) return false;
    if (link.state() == Link::State::connecting) return link.connect_id() == request->connect_id; // said again
    if (link.state() != Link::State::expected || by_connect_id_.contains(request->connect_id)) return false;
    const auto slot = datagram.first(head.bytes).last(sizeof(std::uint32_t));
    std::uint32_t shown = 0;
    std::memcpy(&shown, slot.data(), slot.size());
    std::ranges::fill(slot, std::byte{0}); // as for all who have no number here yet
    if (link.checksum_in().of(datagram) != shown) return false;
    if (limit_datagrams(datagram, head)) shown = link.checksum_in().of(datagram);
    std::memcpy(slot.data(), &shown, slot.size());
    link.connecting(request->connect_id);
    by_connect_id_.emplace(request->connect_id, &link);
    return true;
}

bool HostCore::sends_from(const void* buffers) const { return buffers == &host_->buffers; }

} // namespace playhead::enet
