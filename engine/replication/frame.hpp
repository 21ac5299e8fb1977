#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace playhead {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

// How much it matters that a frame arrives, to a transport that may lose some: certainly, in order with all others of
// this class; or if nothing newer of the class has come; or if it happens to.
enum class Delivery : std::uint8_t { reliable, sequenced, lossy };

// One finished message to clients: immutable, shared by every outbox that sends it, encoded once.
// The WebSocket header stands before the payload, so that a WebSocket connection sends wire() as it is;
// a server's frames are unmasked, hence the same for everybody. Other transports send payload().
//   Thread: shared between shards; immutable after construction.
//   Source: RFC 6455 section 5.2 (FIN + binary, shortest length form).
class Frame {
  public:
    Frame() = default;
    // Copies `payload` behind its header.
    explicit Frame(ByteView payload, Delivery delivery = Delivery::reliable);

    bool empty() const { return !bytes_; }
    ByteView wire() const { return bytes_ ? ByteView{*bytes_} : ByteView{}; }
    ByteView payload() const { return wire().subspan(header_bytes_); }

    Delivery delivery() const { return delivery_; }
    // The same bytes, to be delivered otherwise.
    Frame delivered(Delivery delivery) const {
        Frame other = *this;
        other.delivery_ = delivery;
        return other;
    }

  private:
    std::shared_ptr<const Bytes> bytes_;
    std::uint8_t header_bytes_ = 0;
    Delivery delivery_ = Delivery::reliable;
};

} // namespace playhead
