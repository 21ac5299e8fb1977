#pragma once

#include "board.hpp"
#include "lib/transport/carrier.hpp"
#include "options.hpp"

#include <memory>

namespace playhead::load {

// One shard of an engine with one room in it, in the process of its viewers: what rooms, sessions and the encoding of
// their messages cost where no byte crosses the kernel. Plugins are left out; limits are an engine's own, but for those
// of one viewer's commands and of a room's viewers.
//   Owner: the process of the viewers.   Units: nanoseconds of CLOCK_MONOTONIC.
class LoopbackEngine {
  public:
    LoopbackEngine();
    ~LoopbackEngine();
    LoopbackEngine(const LoopbackEngine&) = delete;
    LoopbackEngine& operator=(const LoopbackEngine&) = delete;

    const RoomLink& room() const;
    // A connection of the room. What is said on it waits for the next turn; the engine outlives it.
    std::unique_ptr<client::Carrier> connect();

    // The engine hears what has been said, and does what is due.
    void turn();
    // When that is wanted next.
    Nanoseconds next() const;
    // Processor time of all turns.
    Nanoseconds cpu() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace playhead::load
