#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace playhead {

using Microseconds = std::chrono::microseconds;

// Position inside a media item. Never negative in a room's state.
using MediaTime = std::chrono::microseconds;

// The largest position and the largest time that are accepted from outside: a century. Live streams that count from
// 1970 fit, and arithmetic on what fits cannot overflow.
inline constexpr Microseconds time_max{std::chrono::hours{24 * 365 * 100}};

// The monotonic clock of one engine run; its zero is the start of tick 0. Only the shell reads it (session/clock.hpp).
struct ServerClock {
    using duration = Microseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<ServerClock, duration>;
    static constexpr bool is_steady = true;
};
using ServerTime = ServerClock::time_point;

// Names one step of the simulation. A strong integer: ticks and durations do not mix by accident.
struct Tick {
    std::uint32_t number = 0;
    auto operator<=>(const Tick&) const = default;
    constexpr Tick operator+(std::uint32_t ticks) const { return {number + ticks}; }
};

// How long a tick lasts. Tick starts are computed from it, never accumulated, so they do not drift.
struct TickLength {
    Microseconds value{50'000};
    auto operator<=>(const TickLength&) const = default;

    constexpr ServerTime start_of(Tick tick) const { return ServerTime{value * std::int64_t{tick.number}}; }
    // The newest tick that has started at `time`; tick 0 for times before the run.
    constexpr Tick at(ServerTime time) const {
        const auto elapsed = time.time_since_epoch();
        return elapsed.count() < 0 ? Tick{0} : Tick{static_cast<std::uint32_t>(elapsed / value)};
    }
    // The first tick that starts at or after `time`.
    constexpr Tick at_or_after(ServerTime time) const { return at(time + value - Microseconds{1}); }
};

} // namespace playhead
