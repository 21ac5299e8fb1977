#pragma once

#include "core/time.hpp"
#include "room/room.hpp"

#include <cstdint>
#include <span>

namespace playhead {

// How far away one viewer is: its reported one-way delay, smoothed, and how much that varies.
//   Source: RFC 6298 section 2 (smoothed value and mean deviation, gains 1/8 and 1/4).
class DelayEstimate {
  public:
    void add(Microseconds one_way);
    bool known() const { return known_; }
    // Nearly everything sent now is there by then.
    Microseconds bound() const { return smoothed_ + 2 * deviation_; }

  private:
    Microseconds smoothed_{0};
    Microseconds deviation_{0};
    bool known_ = false;
};

// What lies between "the room has decided" and "the frame is on the screen", besides the network.
namespace lead_parts {
inline constexpr Microseconds play_latency{80'000};   // HTMLMediaElement.play() until frames move (browser-sync.md)
inline constexpr Microseconds tick_wait{50'000};      // the command waited for its tick
inline constexpr Microseconds margin{15'000};         // a scheduler's or garbage collector's hiccup
inline constexpr Microseconds assumed_delay{100'000}; // until anyone has reported theirs
inline constexpr Microseconds seek_extra{
    75'000}; // a seek has to find and decode a key frame first: 20 to 70 ms (players.md)
inline constexpr Microseconds load_extra{1'300'000}; // loading: a connection, headers, the first segment
inline constexpr Microseconds start_min{150'000};
inline constexpr Microseconds start_max{1'000'000}; // nobody's network makes everybody wait longer
// Rooms with more viewers than this do not wait for their slowest tenth.
inline constexpr std::size_t everyone_max = 32;
} // namespace lead_parts

// How far ahead motion is to be scheduled so that (nearly) every viewer can start in the same frame; whole ticks.
// Reorders `bounds`, one DelayEstimate::bound() per viewer heard from.
Lead lead_for(std::span<Microseconds> bounds, TickLength tick_length);

} // namespace playhead
