#pragma once

#include "core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace playhead {

// How a plugin does in one room: decides when it is suspended and for how long. A value.
//   Units: room time, in ticks, so that the same run comes out the same.
class Health {
  public:
    static constexpr std::size_t failures_max = 5; // within:
    static constexpr Microseconds failures_span{60'000'000};
    static constexpr Microseconds suspension_min{30'000'000}; // doubles with each, up to:
    static constexpr Microseconds suspension_max{3'600'000'000};
    // Having run for so long since the last one, it starts from the shortest again.
    static constexpr Microseconds forgiven_after{1'800'000'000};

    // A hook has failed; `at_once` if it used up what it may use. True: it is to be suspended now.
    bool failed(Tick tick, TickLength tick_length, bool at_once);
    // Suspends it whatever it did; returns until when.
    Tick suspend(Tick tick, TickLength tick_length);
    void resumed(Tick tick);

    std::optional<Tick> suspended_until() const { return until_; }
    bool operator==(const Health&) const = default;

  private:
    std::vector<Tick> failures_; // of late, oldest first
    std::optional<Tick> until_;
    std::optional<Tick> resumed_at_;
    std::uint32_t suspensions_ = 0; // in a row
};

} // namespace playhead
