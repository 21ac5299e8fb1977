#pragma once

#include "core/result.hpp"
#include "replication/frame.hpp"
#include "session/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace playhead {

// The far end of a loopback connection: what a client would be. Nothing happens by itself: the engine's end hears of
// things from inside these calls, never from inside its own send() or close().
//   Thread: the engine end's.   Owner: whoever plays the client; may be dropped first, which closes the connection.
class LoopbackPeer {
  public:
    virtual ~LoopbackPeer() = default;

    // Hands one message to the engine; false if the connection is closed.
    virtual bool send(ByteView message) = 0;
    // Takes what the engine has sent, oldest first, at most `messages_max` of it. Making room tells the engine that its
    // connection has drained.
    virtual std::vector<Frame> receive(std::size_t messages_max = std::numeric_limits<std::size_t>::max()) = 0;
    // Goes away without a word.
    virtual void vanish() = 0;
    // Completes what the engine has begun: a close() of its own ends here even if nobody reads.
    virtual void settle() = 0;

    virtual bool closed() const = 0;
    // How the engine closed; `none` if it did not.
    virtual const Error& close_reason() const = 0;
};

struct LoopbackPair {
    std::unique_ptr<Connection> engine;
    std::unique_ptr<LoopbackPeer> peer;
};

// An in-process connection. `capacity_bytes` is what lies between the two ends before send() returns false, like a
// socket's buffers: with a small one and a peer that does not receive() it makes a slow reader.
LoopbackPair make_loopback(std::size_t capacity_bytes = std::numeric_limits<std::size_t>::max(),
                           std::string name = "loopback");

} // namespace playhead
