#pragma once

#include "delay_schedule.hpp"

#include <cstdint>

namespace playhead::impair {

// One listening port of the proxy and where it leads, whatever it carries.
//   Thread: that of its io_context.   Owner: main.
class Link {
  public:
    Link() = default;
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    virtual ~Link() = default;

    [[nodiscard]] virtual std::uint16_t port() const = 0;
    // Nothing comes out, either way, until so long from now.
    virtual void stall(Microseconds length) = 0;
    // Drops everything under way and forgets every client; new ones are served as before.
    virtual void cut() = 0;
    // Stops listening and forgets everything; the io_context then runs out of work.
    virtual void close() = 0;
};

} // namespace playhead::impair
