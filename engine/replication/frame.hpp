#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace playhead {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

// One finished message to clients: immutable, shared by every outbox that sends it, encoded once.
// The WebSocket header stands before the payload, so that a WebSocket connection sends wire() as it is;
// a server's frames are unmasked, hence the same for everybody. Other transports send payload().
//   Thread: shared between shards; immutable after construction.
//   Source: RFC 6455 section 5.2 (FIN + binary, shortest length form).
class Frame {
  public:
    Frame() = default;
    // Copies `payload` behind its header.
    explicit Frame(ByteView payload);

    bool empty() const { return !bytes_; }
    ByteView wire() const { return bytes_ ? ByteView{*bytes_} : ByteView{}; }
    ByteView payload() const { return wire().subspan(header_bytes_); }

  private:
    std::shared_ptr<const Bytes> bytes_;
    std::size_t header_bytes_ = 0;
};

} // namespace playhead
