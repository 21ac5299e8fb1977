#pragma once

#include "core/time.hpp"
#include "replication/frame.hpp"
#include "session/clock.hpp"
#include "session/connection.hpp"
#include "session/shard.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <span>
#include <string>
#include <vector>

// The world's time, chance and wires. Everything that the engine gets from outside comes from here, from one seed.
namespace playhead::simulation {

// splitmix64.   Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
class Random final : public RandomSource {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next();
    void fill(std::span<std::byte> bytes) override;
    std::int64_t between(std::int64_t low, std::int64_t high); // both included
    Microseconds between(Microseconds low, Microseconds high) {
        return Microseconds{between(low.count(), high.count())};
    }
    bool chance(double probability);

  private:
    std::uint64_t state_;
};

// Server time, which stands still until the next thing happens; and what is to happen when. Things of one instant
// happen in the order in which they were planned.
class Timeline final : public Clock {
  public:
    ServerTime now() const override { return now_; }
    std::int64_t unix_us() const override { return world_began_us + now_.time_since_epoch().count(); }
    void at(ServerTime time, std::function<void()> what);
    void after(Microseconds time, std::function<void()> what) { at(now_ + time, std::move(what)); }
    // Lets everything happen that is planned for `time` and before; then it is `time`.
    void run_until(ServerTime time);

  private:
    struct Event {
        ServerTime time;
        std::uint64_t order;
        std::function<void()> what;
        bool operator<(const Event& other) const {
            return time != other.time ? time > other.time : order > other.order;
        }
    };
    static constexpr std::int64_t world_began_us = 1'800'000'000'000'000;
    ServerTime now_{};
    std::uint64_t planned_ = 0;
    std::priority_queue<Event> events_;
};

// How good one viewer's way to the engine is. Both ways are ordered and complete, like TCP: what is delayed delays what
// comes behind it. Or they are as ENet makes them: what must arrive is as over TCP, late where it was lost; the rest
// may be lost, doubled and overtaken.
struct Quality {
    Microseconds delay_up{20'000};
    Microseconds delay_down{20'000};
    Microseconds jitter{0};                 // each message: 0 to this, on top
    std::size_t capacity_bytes = 64 * 1024; // between the ends before the engine's send() says no
    bool lossy = false;
    double loss = 0; // share of what is lost, if anything is
};

// A client's end of a connection.
class Wire {
  public:
    // What the client hears. Outlives the wire.
    class Listener {
      public:
        virtual void on_bytes(ByteView bytes) = 0;
        // The connection is gone; `code` says how the engine closed it, if it did.
        virtual void on_gone(ErrorCode code) = 0;

      protected:
        ~Listener() = default;
    };

    virtual ~Wire() = default;
    virtual void send(Bytes message, Delivery delivery = Delivery::reliable) = 0;
    // A reader that does not read: what arrives waits, and fills the way.
    virtual void set_reading(bool reading) = 0;
    // The connection breaks, and both ends learn of it.
    virtual void cut() = 0;
    // The client is no more, and the engine is not told.
    virtual void die() = 0;
    // The engine's end is gone, and the client is not told.
    virtual void go_half_open() = 0;
    // For so long nothing passes, either way: what must arrive does so afterwards, what may be lost is.
    virtual void clog(Microseconds time) = 0;
    virtual bool open() const = 0;
    // For how long the engine has not been able to send more, and has not given up either.
    virtual Microseconds full_for() const = 0;
};

// A wire to a room of the shard. The handshake takes a round trip.
std::shared_ptr<Wire> connect(Timeline& timeline, Random& random, Shard& shard, const RoomId& room,
                              const Quality& quality, Wire::Listener& listener);

// Connections that the engine holds now, over all worlds of this thread: none may be left behind.
std::size_t connections_alive();
// How often the engine has sent on a connection that had said that it takes no more, over all worlds of this thread.
std::size_t sends_when_full();

} // namespace playhead::simulation
