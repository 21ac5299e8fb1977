#pragma once

#include "mpv/ipc.hpp"

#include <cstdint>
#include <vector>

namespace playhead::mpv {

// What the player needs of a connection with mpv: so little that a test stands in for it.
class Port {
  public:
    virtual ~Port() = default;

    // The steady clock of client::local_now_ms().   Unit: ms.
    virtual double now_ms() const = 0;
    // Sends a command and returns its number. A connection that is gone takes it and answers nothing.
    virtual std::uint64_t send(const Value::List& command) = 0;
    // What mpv has said up to now, in its order. Waits for the answer to `request`, which is then the last of them, for
    // at most `wait_ms`.
    virtual std::vector<Message> listen(std::uint64_t request, double wait_ms) = 0;

  protected:
    Port() = default;
    Port(const Port&) = default;
    Port& operator=(const Port&) = default;
};

} // namespace playhead::mpv
