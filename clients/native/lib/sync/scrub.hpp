#pragma once

#include <limits>
#include <optional>

namespace playhead::client::sync {

// Held to scrub.ts by tests/vectors/constants.json. Unit: ms.
inline constexpr double scrub_gap_ms = 334;

// Turns the many positions of a dragged slider into few seeks: three a second while it is dragged and the last one as
// it is let go, so that never more than four are sent in any second, and the last always is.
//   Units: milliseconds of media, and of the caller's steady clock.
class Scrubber {
  public:
    void move(double position_ms) { waiting_ms_ = position_ms; }
    // The position to seek to now, once: call it after move(), and at next_ms().
    std::optional<double> take_due(double now_ms);
    // The slider was let go: the position that still waits, to be sought to at once.
    std::optional<double> end(double now_ms);
    // Forgets what waits: another action took its place.
    void cancel() { waiting_ms_.reset(); }

    // Where the slider stands while its seek has not been sent yet.
    std::optional<double> waiting() const { return waiting_ms_; }
    // When take_due() has something; infinite while nothing waits.
    double next_ms() const;

  private:
    double sent_at_ms_ = -std::numeric_limits<double>::infinity();
    std::optional<double> waiting_ms_;
};

} // namespace playhead::client::sync
