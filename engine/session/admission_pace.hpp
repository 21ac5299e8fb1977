#pragma once

#include "core/time.hpp"
#include "session/rate_limit.hpp"
#include "session/settings.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace playhead {

// How many hellos a shard lets in: a token bucket, and no more in one tick than ticks have been seen to bear.
//
// Most of what somebody new costs is done in the tick that follows: plugins hear of it, the roster changes, a welcome
// and a snapshot go out. So a tick that took long halves what the next one may take, and each that did not doubles it
// again, up to the bucket's burst.
//   Pure: it is told what time it is and how long ticks took.   Owner: the shard's AdmissionQueue.
class AdmissionPace {
  public:
    // A tick is long when it takes more than this part of its time: then half of it is left for what others bring.
    static constexpr int long_tick_part = 2;
    static constexpr std::uint32_t tick_max_least = 8; // however long ticks take
    // However many could come in within the longest wait.
    static constexpr std::size_t waiting_most = 100'000;
    // Nobody is told to come back later than this.
    static constexpr std::chrono::seconds retry_max{60};

    AdmissionPace(const SessionSettings& settings, TickLength tick_length);

    // True if one more may come in now, who is counted then.
    bool take(ServerTime now);
    // The tick that brought in those counted since the last call has taken so long.
    void tick_took(Microseconds duration);
    // As many as come in within the longest wait.
    std::size_t waiting_max() const { return waiting_max_; }
    Microseconds wait_max() const { return wait_max_; }
    // For one who is told to come back: behind all who may wait, and each a little later than the one before, as fast
    // as the bucket fills. So those who were sent away together do not return together.
    std::uint32_t retry_ms(ServerTime now);

  private:
    RateLimit::Budget budget_;
    Microseconds tick_length_;
    Microseconds wait_max_;
    std::size_t waiting_max_;
    RateLimit bucket_;
    std::uint32_t taken_ = 0;    // since the last tick
    std::uint32_t tick_max_;     // that a tick may bring in
    ServerTime last_retry_at_{}; // as the last one was told
};

} // namespace playhead
