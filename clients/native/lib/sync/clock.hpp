#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

// How far the server's clock is ahead of ours.
//
// A forward leg (we stamp, the server reads its clock on arrival) can only be too late, so t1 - t0 is an upper bound of
// the offset; a backward leg gives a lower bound the same way. The tightest upper and the tightest lower bound rarely
// come from one exchange, so each is looked for on its own, and the offset is the middle between them. The bounds age:
// our clock may drift against the server's, so an old bound loosens a little with every second, and a fresh one that is
// almost as good takes over. What lies between the two bounds is what nobody can know (the path may be asymmetric), so
// half of it is the stated error.
namespace playhead::client::sync {

// A ping: sent (t0) and back (t3) on our clock, received (t1) and answered (t2) on the server's. Unit: ms.
struct ClockExchange {
    double t0 = 0;
    double t1 = 0;
    double t2 = 0;
    double t3 = 0;
};

// A broadcast stamped by the server as it was written, and our clock as it arrived. Unit: ms.
struct OneWaySample {
    double sent = 0;
    double received = 0;
};

struct ClockEstimate {
    // Server clock minus local clock.
    double offset_ms = 0;
    // The true offset is within this of offset_ms, whatever the path's asymmetry.
    double error_bound_ms = 0;
    // Median round trip of the window, without the server's own time.
    double rtt_ms = 0;
    // How far the 90th percentile of the round trips lies above the smallest.
    double jitter_ms = 0;
    // Exchanges accepted since the last reset.
    std::size_t samples = 0;
    // Enough quick exchanges are in that a player may be steered by this clock.
    bool settled = false;
};

// The constants of clock.ts, explained there; tests/vectors/constants.json holds the two together. Unit: ms.
namespace clock_constants {
// Bounds older than this are dropped. Source: reference/browser-sync.md section 1 (10 to 15 s follows drift).
inline constexpr double window_ms = 15'000;
// A sparse connection (one exchange in ten seconds) keeps this many bounds a direction, however old.
inline constexpr std::size_t window_keep_samples = 12;
// ... but none older than this.
inline constexpr double window_age_ms_max = 180'000;
// How fast a bound loosens: drift to be expected between two quartz clocks (50 ppm).
inline constexpr double ageing_rate = 50e-6;
// The worst drift the stated error still covers (200 ppm).
inline constexpr double drift_rate_max = 200e-6;
// Most bounds kept a direction; 15 s of ten exchanges and twenty broadcasts a second fit.
inline constexpr std::size_t window_samples_max = 512;
// Most round trips kept for the median and the jitter.
inline constexpr std::size_t round_trips_max = 64;
// For so long after the first sample the output follows the bounds at once.
inline constexpr double slew_after_ms = 3'000;
// Later the output moves at most this much a sample, or a second if samples are rarer.
inline constexpr double slew_step_ms = 0.5;
// A sample this far outside the bounds is impossible on one pair of clocks.
inline constexpr double contradiction_ms = 1;
// That many impossible samples in a row mean a clock has stepped; fewer are ignored as spikes.
inline constexpr std::size_t contradictions_max = 3;
// A round trip above this is a stalled program or server, not the path. Source: browser-sync.md note (a).
inline constexpr double good_rtt_ms = 200;
// The clock counts as settled after this many good exchanges ...
inline constexpr std::size_t settled_good_samples = 10;
// ... or, on a path that is never that quick, after this many of any kind: 0.8 s into the burst, within 7 ms.
inline constexpr std::size_t settled_samples_max = 16;
} // namespace clock_constants

// One direction's samples, and the smallest of them once aged.
class DelayWindow {
  public:
    void add(double at_ms, double value_ms);
    void expire(double now_ms);
    // The smallest value, each loosened by its age; infinite when there is none.
    double smallest(double now_ms, double ageing_rate) const;
    void clear() { bounds_.clear(); }

  private:
    struct Bound {
        double at_ms;    // local time of the sample
        double value_ms; // the leg's clock difference: offset + delay forward, delay - offset backward
    };
    std::deque<Bound> bounds_;
};

// Estimates the server clock from exchanges and stamped broadcasts. Pure: no I/O and no clock of its own.
//   Units:  ms; local times of one steady clock, server times on the server's monotonic clock.
//   Errors: estimate() is empty before the first exchange; a malformed sample is refused (false).
//   Source: RFC 5905 section 8 (four timestamps); reference/browser-sync.md section 1 (one-way minima).
class ClockEstimator {
  public:
    // Feeds one ping exchange. False when it was refused as impossible or as a spike.
    bool add_exchange(const ClockExchange& exchange);
    // Feeds one broadcast that was stamped as it was written. False when refused.
    bool add_one_way(const OneWaySample& sample);
    // Tells which run of the server the stamps belong to; another one starts afresh.
    void set_clock_id(std::string_view clock_id);
    // Forgets everything: after sleep, or a new run of the server.
    void reset();

    std::optional<ClockEstimate> estimate(double local_ms) const;
    // Enough is known that a player may be steered by it.
    bool settled() const;
    // Server time at a local time, and the other way round; empty before the first exchange.
    std::optional<double> server_now(double local_ms) const;
    std::optional<double> local_at(double server_ms) const;

  private:
    bool admit(double now_ms, std::optional<double> forward_ms, double backward_ms);
    void update(double now_ms);

    DelayWindow forward_;
    DelayWindow backward_;
    std::deque<double> round_trips_;
    std::size_t samples_ = 0;
    std::size_t good_samples_ = 0;
    std::size_t contradictions_ = 0;
    std::optional<double> first_at_ms_;
    double slewed_at_ms_ = 0;
    std::optional<double> offset_ms_;
    std::optional<std::string> clock_id_;
};

} // namespace playhead::client::sync
