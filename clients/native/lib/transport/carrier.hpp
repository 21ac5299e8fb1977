#pragma once

#include "lib/transport/ending.hpp"
#include "playhead/api.hpp"
#include "replication/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace playhead::client {

// Whom to reach, and what lets us in.
struct Dial {
    std::string server; // as Link::server
    std::string room;
    std::string join_token;
    std::string resume_token;
    std::string device;
    Transport transport = Transport::automatic;
};

// The engine listens: Hello may be said.
struct Opened {
    Transport carrier = Transport::websocket;
    // What stands in Hello.join_token; empty where the transport has proven who we are.
    std::string join_token;
    // It loses and reorders: states are acknowledged, and what fits none is waited out.
    bool acknowledges = false;
};

// One whole message, and the local time at which it was read.
struct Received {
    Bytes bytes;
    double received_ms = 0;
};

// Something that no engine sends, and which could be skipped.
struct Unreadable {
    std::string reason;
};

// It is over; nothing follows.
struct Ended {
    Ending ending;
};

using CarrierEvent = std::variant<Opened, Received, Unreadable, Ended>;

// What is sent either arrives, in order, or may be lost.
enum class Importance : std::uint8_t { needed, may_be_lost };

// One attempt to reach the engine, from the first datagram to the end of the connection. Nothing happens but in poll(),
// and nothing in it waits. Destroying it lets go without ceremony.
//   Thread: its owner's.   Owner: one Connection.
class Carrier {
  public:
    Carrier() = default;
    virtual ~Carrier() = default;
    Carrier(const Carrier&) = delete;
    Carrier& operator=(const Carrier&) = delete;

    // Reads and writes what can be, and gives the next thing that has happened. Call it until there is none.
    virtual std::optional<CarrierEvent> poll(double now_ms) = 0;
    // As of Room.
    virtual double next_poll_ms() const = 0;
    virtual std::vector<int> wait_handles() const = 0;

    // Only between Opened and Ended.
    virtual void send(ByteView message, Importance importance) = 0;
    // Bytes taken by send() that have not left yet.
    virtual std::size_t buffered() const = 0;
    // Says goodbye in the transport's own way, behind what was sent; Ended follows, within a bounded time.
    virtual void close() = 0;
};

} // namespace playhead::client
