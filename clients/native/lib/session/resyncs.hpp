#pragma once

#include <cstdint>
#include <limits>

namespace playhead::client {

// When to ask for a snapshot: at once when something is missing, but never in a storm. If even the snapshot does not
// match its hash, asking again soon is no use. clients/sdk/src/resyncs.ts is its twin.
//   Units: ms, local time.
class Resyncs {
  public:
    // First gap between two requests; it doubles while they do not help.
    static constexpr double gap_ms_min = 1'000;
    static constexpr double gap_ms_max = 30'000;

    // States that did not match the engine's hash.
    std::uint32_t mismatches() const { return mismatches_; }

    // True when a request should be sent now.
    bool wanted(bool mismatch, double now_ms);
    void answered() { waiting_ = false; }
    // A new connection begins with a state of its own.
    void connected() { waiting_ = false; }

  private:
    std::uint32_t mismatches_ = 0;
    double gap_ms_ = 0;
    double asked_ms_ = -std::numeric_limits<double>::infinity();
    bool waiting_ = false;
};

} // namespace playhead::client
