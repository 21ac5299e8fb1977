#pragma once

#include "lib/sync/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace playhead::client::sync {

// The constants of clock-driver.ts; tests/vectors/constants.json holds the two together.
namespace clock_driver_constants {
// Unanswered pings remembered; the oldest is forgotten first.
inline constexpr std::size_t pings_max = 64;
// So much more wall time than steady time has passed only when the machine slept. Unit: ms.
inline constexpr double sleep_ms = 2'000;
// A clock that slept is looked for this often. Unit: ms.
inline constexpr double sleep_check_ms = 1'000;
} // namespace clock_driver_constants

// What steers by the server's clock.
class ServerClock {
  public:
    virtual ~ServerClock() = default;
    // Server time at a local time, for steering a player: empty until enough is known. Unit: ms.
    virtual std::optional<double> server_now(double local_ms) const = 0;
    // For stamping and showing: the best guess there is; empty before the first welcome. Unit: ms.
    virtual std::optional<double> rough_server_now(double local_ms) const = 0;

  protected:
    ServerClock() = default;
    ServerClock(const ServerClock&) = default;
    ServerClock& operator=(const ServerClock&) = default;
};

// Feeds the clock estimator: decides when to ping, matches answers to questions, and starts afresh when what was learnt
// no longer holds (another run of the engine, a machine that slept).
//   Units: milliseconds of the caller's steady clock, as doubles; stamps of the wire in microseconds.
//   Owner: a session, which sends what due_ping() returns and calls pong() and one_way() as they arrive.
class ClockDriver final : public ServerClock {
  public:
    // A connection is there: quick pings first, then as the room's size and the engine allow.
    void start(std::string_view clock_id, std::int64_t server_time_us, double ping_interval_ms, double now_ms);
    // The connection is gone: its unanswered pings will stay so.
    void stop();

    // The stamp of the ping that is due, once; it counts as asked whether or not it could be sent.
    std::optional<std::int64_t> due_ping(double now_ms, std::size_t viewers);
    // When due_ping() has something next; infinite without a connection.
    double next_ping_ms() const;

    void pong(std::int64_t t0_us, std::int64_t t1_us, std::int64_t t2_us, double received_ms);
    // A broadcast that was stamped as it was written.
    void one_way(std::int64_t sent_us, double received_ms);

    // Looks about once a second whether the machine has slept, by how far the wall clock has run ahead, and starts
    // afresh if so: true then, and whoever steers by this clock should look again.
    bool check_sleep(double now_ms, double wall_ms);
    // Starts afresh: what was learnt before may be wrong.
    void reset(double now_ms);

    std::optional<ClockEstimate> estimate(double local_ms) const { return estimator_.estimate(local_ms); }
    std::optional<double> server_now(double local_ms) const override;
    std::optional<double> rough_server_now(double local_ms) const override;

  private:
    void keep_offset(double local_ms);

    ClockEstimator estimator_;
    std::deque<std::int64_t> asked_us_; // of pings without an answer, oldest first
    bool running_ = false;
    std::size_t samples_ = 0;
    std::size_t good_samples_ = 0;
    double started_ms_ = 0;
    double next_ping_ms_ = 0;
    double steady_gap_ms_ = 0;
    std::optional<std::string> clock_id_;
    // Survives a reset: good enough to say when a person acted, not to steer a player.
    std::optional<double> last_offset_ms_;
    std::optional<double> wall_ahead_ms_;
    double wall_checked_ms_ = 0;
};

} // namespace playhead::client::sync
