#pragma once

#include "lib/transport/carrier.hpp"

#include <memory>

namespace playhead::client {

// Time, chance and the network, as a room asks for them: a test gives its own.
class Environment {
  public:
    Environment() = default;
    virtual ~Environment() = default;
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

    virtual double now_ms() const = 0;  // steady, as local_now_ms()
    virtual double wall_ms() const = 0; // unlike now_ms() it goes on while the machine sleeps
    virtual double random() = 0;        // [0, 1)
    virtual std::unique_ptr<Carrier> open(const Dial& dial) = 0;
};

} // namespace playhead::client
