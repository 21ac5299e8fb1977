#include "lib/sync/clock.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace playhead::client::sync {

using namespace clock_constants;

void DelayWindow::add(double at_ms, double value_ms) {
    bounds_.push_back({at_ms, value_ms});
    if (bounds_.size() > window_samples_max) bounds_.pop_front();
}

void DelayWindow::expire(double now_ms) {
    while (!bounds_.empty()) {
        const double age_ms = now_ms - bounds_.front().at_ms;
        const bool spare = bounds_.size() > window_keep_samples;
        if (age_ms <= window_age_ms_max && !(age_ms > window_ms && spare)) break;
        bounds_.pop_front();
    }
}

double DelayWindow::smallest(double now_ms, double ageing) const {
    double best = std::numeric_limits<double>::infinity();
    for (const auto& [at_ms, value_ms] : bounds_) {
        best = std::min(best, value_ms + std::max(0.0, now_ms - at_ms) * ageing);
    }
    return best;
}

bool ClockEstimator::add_exchange(const ClockExchange& exchange) {
    const auto [t0, t1, t2, t3] = exchange;
    if (!std::isfinite(t0) || !std::isfinite(t1) || !std::isfinite(t2) || !std::isfinite(t3)) return false;
    const double round_trip_ms = t3 - t0 - (t2 - t1);
    if (t3 < t0 || t2 < t1 || round_trip_ms < 0) return false;
    if (!admit(t3, t1 - t0, t3 - t2)) return false;
    forward_.add(t0, t1 - t0);
    backward_.add(t3, t3 - t2);
    round_trips_.push_back(round_trip_ms);
    if (round_trips_.size() > round_trips_max) round_trips_.pop_front();
    ++samples_;
    if (round_trip_ms < good_rtt_ms) ++good_samples_;
    update(t3);
    return true;
}

bool ClockEstimator::add_one_way(const OneWaySample& sample) {
    const auto [sent, received] = sample;
    if (!std::isfinite(sent) || !std::isfinite(received)) return false;
    if (!admit(received, std::nullopt, received - sent)) return false;
    backward_.add(received, received - sent);
    update(received);
    return true;
}

void ClockEstimator::set_clock_id(std::string_view clock_id) {
    if (clock_id_ && *clock_id_ != clock_id) reset();
    clock_id_ = clock_id;
}

void ClockEstimator::reset() {
    forward_.clear();
    backward_.clear();
    round_trips_.clear();
    samples_ = 0;
    good_samples_ = 0;
    contradictions_ = 0;
    first_at_ms_.reset();
    offset_ms_.reset();
}

std::optional<ClockEstimate> ClockEstimator::estimate(double local_ms) const {
    if (!offset_ms_) return std::nullopt;
    const double upper = forward_.smallest(local_ms, drift_rate_max);
    const double lower = -backward_.smallest(local_ms, drift_rate_max);
    std::vector<double> sorted(round_trips_.begin(), round_trips_.end());
    std::ranges::sort(sorted);
    const auto quantile = [&](double share) {
        return sorted[static_cast<std::size_t>(std::floor(share * static_cast<double>(sorted.size() - 1)))];
    };
    return ClockEstimate{.offset_ms = *offset_ms_,
                         .error_bound_ms = std::max({0.0, upper - *offset_ms_, *offset_ms_ - lower}),
                         .rtt_ms = quantile(0.5),
                         .jitter_ms = quantile(0.9) - quantile(0),
                         .samples = samples_,
                         .settled = settled()};
}

bool ClockEstimator::settled() const {
    return good_samples_ >= settled_good_samples || samples_ >= settled_samples_max;
}

std::optional<double> ClockEstimator::server_now(double local_ms) const {
    if (!offset_ms_) return std::nullopt;
    return local_ms + *offset_ms_;
}

std::optional<double> ClockEstimator::local_at(double server_ms) const {
    if (!offset_ms_) return std::nullopt;
    return server_ms - *offset_ms_;
}

// Whether the legs fit the bounds so far; enough that do not, in a row, start afresh.
bool ClockEstimator::admit(double now_ms, std::optional<double> forward_ms, double backward_ms) {
    forward_.expire(now_ms);
    backward_.expire(now_ms);
    const double upper = forward_.smallest(now_ms, ageing_rate);
    const double lower = -backward_.smallest(now_ms, ageing_rate);
    const bool impossible =
        -backward_ms > upper + contradiction_ms || (forward_ms && *forward_ms < lower - contradiction_ms);
    if (!impossible) {
        contradictions_ = 0;
        return true;
    }
    if (++contradictions_ < contradictions_max) return false;
    reset();
    return true;
}

void ClockEstimator::update(double now_ms) {
    const double upper = forward_.smallest(now_ms, ageing_rate);
    const double lower = -backward_.smallest(now_ms, ageing_rate);
    if (!std::isfinite(upper) || !std::isfinite(lower)) return;
    const double middle = (upper + lower) / 2;
    if (!first_at_ms_) first_at_ms_ = now_ms;
    if (!offset_ms_ || now_ms - *first_at_ms_ < slew_after_ms) {
        offset_ms_ = middle;
    } else {
        const double step = slew_step_ms * std::max(1.0, (now_ms - slewed_at_ms_) / 1000);
        *offset_ms_ += std::clamp(middle - *offset_ms_, -step, step);
    }
    slewed_at_ms_ = now_ms;
}

} // namespace playhead::client::sync
