#include "lib/sync/scrub.hpp"

#include <utility>

namespace playhead::client::sync {

std::optional<double> Scrubber::take_due(double now_ms) {
    if (now_ms < next_ms()) return std::nullopt;
    return end(now_ms);
}

std::optional<double> Scrubber::end(double now_ms) {
    if (waiting_ms_) sent_at_ms_ = now_ms;
    return std::exchange(waiting_ms_, std::nullopt);
}

double Scrubber::next_ms() const {
    return waiting_ms_ ? sent_at_ms_ + scrub_gap_ms : std::numeric_limits<double>::infinity();
}

} // namespace playhead::client::sync
