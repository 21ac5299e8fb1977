#pragma once

#include "core/result.hpp"
#include "replication/frame.hpp"
#include "session/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

// What hubs tell each other. Connections have numbers that their home gives; a number is given again only when both
// sides have done with it.
namespace playhead::relay {

using Number = std::uint32_t;
using MakeConnection = std::move_only_function<std::unique_ptr<Connection>()>;

// ---- from home
struct Open {
    Number number;
    MakeConnection make;
};
// The same frames to each of them.
struct Send {
    std::vector<Frame> frames;
    std::vector<Number> to;
};
struct Close {
    Number number;
    ErrorCode code;
    std::string reason;
};
struct Forget { // its owner is gone
    Number number;
};
using Order = std::variant<Open, Send, Close, Forget>;
using Orders = std::vector<Order>;

// ---- from the relay
struct Message {
    Number number;
    Bytes bytes;
};
struct Full { // the kernel takes no more; so many bytes wait
    Number number;
    std::size_t bytes;
};
struct Drained {
    Number number;
};
struct Closed { // the last that is told of this number
    Number number;
    Error error;
};
struct Done {}; // one batch of orders
using Tiding = std::variant<Message, Full, Drained, Closed, Done>;
using Tidings = std::vector<Tiding>;

} // namespace playhead::relay
