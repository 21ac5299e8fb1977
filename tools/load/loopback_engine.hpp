#pragma once

#include "board.hpp"
#include "lib/transport/carrier.hpp"
#include "options.hpp"
#include "seal/key.hpp"
#include "session/clock.hpp"
#include "session/engine_run.hpp"
#include "session/settings.hpp"
#include "session/shard.hpp"

#include <memory>
#include <vector>

namespace playhead {
class LoopbackPeer;
}

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

    const RoomLink& room() const { return room_; }
    // A connection of the room. What is said on it waits for the next turn; the engine outlives it.
    std::unique_ptr<client::Carrier> connect();

    // The engine hears what has been said, and does what is due.
    void turn();
    // When that is wanted next.
    Nanoseconds next() const;
    // Processor time of all turns.
    Nanoseconds cpu() const { return cpu_ns_; }

  private:
    class Line;
    // A message, or with `gone` the end of the connection.
    struct Said {
        std::shared_ptr<LoopbackPeer> peer;
        Bytes message;
        bool gone = false;
    };

    SessionSettings settings_;
    EngineRun run_;
    SteadyClock clock_;
    Nanoseconds began_ns_; // when the clock did
    SystemRandom random_;
    Shard shard_;
    RoomLink room_;
    std::vector<Said> said_;
    std::vector<std::unique_ptr<Connection>> new_;
    ServerTime due_{};
    bool more_ = false; // a pass is under way
    Nanoseconds cpu_ns_ = 0;
};

} // namespace playhead::load
