#pragma once

#include "board.hpp"

#include <cmath>

namespace playhead::load {

// A viewer's own clock, made from the one that is true: set wrong, and running a little fast or slow.
//   Units: milliseconds, as the client library's clocks.
struct LocalClock {
    double offset_ms = 0;
    double drift = 0; // how much faster it runs, as a fraction

    double at(Nanoseconds now) const { return static_cast<double>(now) / 1e6 * (1 + drift) + offset_ms; }
    Nanoseconds when(double local_ms) const { return std::llround((local_ms - offset_ms) / (1 + drift) * 1e6); }
};

} // namespace playhead::load
