#include "plugin/health.hpp"

#include <algorithm>

namespace playhead {
namespace {

std::uint32_t in_ticks(Microseconds time, TickLength tick_length) {
    return static_cast<std::uint32_t>((time + tick_length.value - Microseconds{1}) / tick_length.value);
}

} // namespace

bool Health::failed(Tick tick, TickLength tick_length, bool at_once) {
    if (until_) return false;
    const std::uint32_t span = in_ticks(failures_span, tick_length);
    std::erase_if(failures_, [&](Tick failure) { return tick.number - failure.number > span; });
    failures_.push_back(tick);
    return at_once || failures_.size() >= failures_max;
}

Tick Health::suspend(Tick tick, TickLength tick_length) {
    if (until_) return *until_;
    if (resumed_at_ && tick.number - resumed_at_->number > in_ticks(forgiven_after, tick_length)) suspensions_ = 0;
    Microseconds length = suspension_min;
    for (std::uint32_t i = 0; i < suspensions_ && length < suspension_max; ++i) length *= 2;
    length = std::min(length, suspension_max);
    ++suspensions_;
    failures_.clear();
    until_ = tick + in_ticks(length, tick_length);
    return *until_;
}

void Health::resumed(Tick tick) {
    until_.reset();
    resumed_at_ = tick;
}

} // namespace playhead
