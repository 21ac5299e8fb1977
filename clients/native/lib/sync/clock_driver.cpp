#include "lib/sync/clock_driver.hpp"

#include "lib/sync/ping_schedule.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace playhead::client::sync {

using namespace clock_driver_constants;

namespace {

double to_ms(std::int64_t microseconds) { return static_cast<double>(microseconds) / 1000; }

} // namespace

void ClockDriver::start(std::string_view clock_id, std::int64_t server_time_us, double ping_interval_ms,
                        double now_ms) {
    if (clock_id_ && *clock_id_ != clock_id) {
        reset(now_ms);
        last_offset_ms_.reset(); // of the run that has ended
    }
    clock_id_ = clock_id;
    estimator_.set_clock_id(clock_id);
    steady_gap_ms_ = ping_interval_ms;
    if (!last_offset_ms_) last_offset_ms_ = to_ms(server_time_us) - now_ms;
    started_ms_ = now_ms;
    samples_ = 0;
    good_samples_ = 0;
    asked_us_.clear();
    running_ = true;
    next_ping_ms_ = now_ms;
}

void ClockDriver::stop() {
    running_ = false;
    asked_us_.clear();
}

std::optional<std::int64_t> ClockDriver::due_ping(double now_ms, std::size_t viewers) {
    if (!running_ || now_ms < next_ping_ms_) return std::nullopt;
    const auto t0_us = static_cast<std::int64_t>(std::llround(now_ms * 1000));
    asked_us_.push_back(t0_us);
    if (asked_us_.size() > pings_max) asked_us_.pop_front();
    const double elapsed_ms = now_ms - started_ms_;
    const double gap_ms = ping_schedule({.samples = samples_,
                                         .good_samples = good_samples_,
                                         .elapsed_ms = elapsed_ms,
                                         .viewers = std::max<std::size_t>(1, viewers)});
    // The engine knows better than we do what its room can bear, once the opening phase is over.
    const bool steady = elapsed_ms >= ping_constants::close_phase_ms;
    next_ping_ms_ = now_ms + (steady ? std::max(gap_ms, steady_gap_ms_) : gap_ms);
    return t0_us;
}

double ClockDriver::next_ping_ms() const { return running_ ? next_ping_ms_ : std::numeric_limits<double>::infinity(); }

void ClockDriver::pong(std::int64_t t0_us, std::int64_t t1_us, std::int64_t t2_us, double received_ms) {
    const auto asked = std::ranges::find(asked_us_, t0_us);
    if (asked == asked_us_.end()) return;
    asked_us_.erase(asked);
    const double t0_ms = to_ms(t0_us);
    if (!estimator_.add_exchange({.t0 = t0_ms, .t1 = to_ms(t1_us), .t2 = to_ms(t2_us), .t3 = received_ms})) return;
    ++samples_;
    if (received_ms - t0_ms < clock_constants::good_rtt_ms) ++good_samples_;
    keep_offset(received_ms);
}

void ClockDriver::one_way(std::int64_t sent_us, double received_ms) {
    estimator_.add_one_way({.sent = to_ms(sent_us), .received = received_ms});
    keep_offset(received_ms);
}

bool ClockDriver::check_sleep(double now_ms, double wall_ms) {
    if (wall_ahead_ms_ && now_ms - wall_checked_ms_ < sleep_check_ms) return false;
    const double ahead_ms = wall_ms - now_ms;
    // Either way: a wall clock that was set is no reason, but costs only a burst.
    const bool slept = wall_ahead_ms_ && std::abs(ahead_ms - *wall_ahead_ms_) > sleep_ms;
    wall_ahead_ms_ = ahead_ms;
    wall_checked_ms_ = now_ms;
    if (slept) reset(now_ms);
    return slept;
}

void ClockDriver::reset(double now_ms) {
    estimator_.reset();
    asked_us_.clear();
    samples_ = 0;
    good_samples_ = 0;
    started_ms_ = now_ms;
    next_ping_ms_ = now_ms;
}

std::optional<double> ClockDriver::server_now(double local_ms) const {
    return estimator_.settled() ? estimator_.server_now(local_ms) : std::nullopt;
}

std::optional<double> ClockDriver::rough_server_now(double local_ms) const {
    if (const auto known = estimator_.server_now(local_ms)) return known;
    if (!last_offset_ms_) return std::nullopt;
    return local_ms + *last_offset_ms_;
}

void ClockDriver::keep_offset(double local_ms) {
    if (const auto server_ms = estimator_.server_now(local_ms)) last_offset_ms_ = *server_ms - local_ms;
}

} // namespace playhead::client::sync
