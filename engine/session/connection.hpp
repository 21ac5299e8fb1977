#pragma once

#include "core/result.hpp"
#include "replication/frame.hpp"
#include "seal/connect_token.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace playhead {

// Told what happens on a connection. Called on the connection's shard, never from inside send() or close().
class ConnectionEvents {
  public:
    virtual ~ConnectionEvents() = default;
    // One whole message; borrowed for the call.
    virtual void on_message(ByteView message) = 0;
    // What send() could not write at once has left: the connection can take frames again.
    virtual void on_drained() = 0;
    // The peer is gone, or has broken the transport's rules (error.code != none). Nothing is called after this.
    virtual void on_closed(const Error& error) = 0;
};

// Bytes in and out over one transport: WebSocket, ENet, loopback. A resource with one owner, its Session; destroying it
// drops the peer without ceremony. It knows nothing of rooms.
//   Thread: its shard.
class Connection {
  public:
    virtual ~Connection() = default;

    // Called once, before anything else; `events` outlives the connection.
    virtual void start(ConnectionEvents& events) = 0;

    // Writes the frames in order with at most one system call and keeps (a copy of or a share in) what the kernel would
    // not take. Returns false if something is left: then do not send again before on_drained().
    virtual bool send(std::span<const Frame> frames) = 0;

    // How large a frame may be that goes as its Delivery says; what is larger goes reliably, and reliable frames are in
    // order among themselves. 0: every frame arrives, in order. Else the peer acknowledges states (Ack).
    virtual std::size_t lossy_bytes_max() const { return 0; }

    // Bytes accepted by send() that have not left yet.
    virtual std::size_t bytes_waiting() const = 0;

    // Says goodbye in the transport's own way after what was sent, then on_closed() follows, within a bounded time.
    virtual void close(ErrorCode code, std::string_view reason) = 0;

    // What the transport has proven before there was a connection: then the peer need not show a token again. Null
    // where it proves nothing.
    virtual const seal::ConnectGrant* grant() const { return nullptr; }

    // Which of the shard's Relays writes for it; 0: the shard itself.
    virtual std::size_t relay() const { return 0; }

    // For logs and limits, e.g. "127.0.0.1:5123".
    virtual const std::string& peer() const = 0;
};

} // namespace playhead
