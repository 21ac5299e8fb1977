#pragma once

#include "net/loopback/loopback.hpp"
#include "replication/messages.hpp"
#include "session/shard.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// A shard as shipped, on a clock that the benchmark moves from tick to tick, with viewers on loopback connections.
namespace playhead::bench {

class SteppedClock final : public Clock {
  public:
    ServerTime now() const override { return time; }
    std::int64_t unix_us() const override { return time.time_since_epoch().count(); }
    ServerTime time{};
};

SessionSettings bench_settings();

class Stage {
  public:
    explicit Stage(const SessionSettings& wanted = bench_settings());

    CreatedRoom create_room(const std::string& id);
    // Joined when this returns.
    LoopbackPeer& join(const CreatedRoom& room, const std::string& name);
    void say(LoopbackPeer& peer, const ClientMessage& message);
    // Moves the clock to the next tick and runs it, then all the fan-out it begets. How long both took together, or the
    // tick alone.
    std::int64_t tick_ns();
    std::int64_t tick_alone_ns();
    void ticks(int count);
    // Takes from every viewer what it was sent; returns how many bytes that was, WebSocket headers included.
    std::size_t read_all();
    SessionSettings settings;
    SteppedClock clock;
    SystemRandom random;
    Shard shard;
    std::vector<std::unique_ptr<LoopbackPeer>> peers;
};

// What one series of measurements says.
struct Figures {
    double median = 0;
    double p10 = 0;
    double p90 = 0;
};
Figures figures_of(std::vector<double> samples);
std::int64_t now_ns();    // CLOCK_MONOTONIC
std::int64_t thread_ns(); // processor time of this thread

} // namespace playhead::bench
