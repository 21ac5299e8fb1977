#include "session/admission_pace.hpp"

#include <algorithm>

namespace playhead {
namespace {

// The bucket holds at least what flows into it during a tick, or those who wait for ticks would never have all of it.
RateLimit::Budget budget_for(const SessionSettings& settings, Microseconds tick_length) {
    const std::int64_t a_tick = settings.joins_per_s * tick_length.count() / 1'000'000;
    return {settings.joins_per_s, std::max(settings.join_burst, static_cast<std::uint32_t>(a_tick))};
}

} // namespace

AdmissionPace::AdmissionPace(const SessionSettings& settings, TickLength tick_length)
    : budget_(budget_for(settings, tick_length.value)),
      tick_length_(tick_length.value),
      wait_max_(settings.join_wait_max),
      waiting_max_(
          std::min(static_cast<std::size_t>(settings.joins_per_s * wait_max_.count() / 1'000'000), waiting_most)),
      tick_max_(budget_.burst) {}

bool AdmissionPace::take(ServerTime now) {
    if (taken_ >= tick_max_ || bucket_.take(budget_, now)) return false;
    ++taken_;
    return true;
}

void AdmissionPace::tick_took(Microseconds duration) {
    const std::uint32_t taken = taken_;
    taken_ = 0;
    if (duration * long_tick_part <= tick_length_) {
        tick_max_ = std::min(tick_max_ * 2, std::max(budget_.burst, tick_max_least));
        return;
    }
    const std::uint32_t borne = taken == 0 ? tick_max_ : std::min(taken, tick_max_);
    tick_max_ = std::max(borne / 2, tick_max_least);
}

std::uint32_t AdmissionPace::retry_ms(ServerTime now) {
    const Microseconds interval{1'000'000 / budget_.per_s};
    const ServerTime next = std::max(last_retry_at_, now + wait_max_) + interval;
    last_retry_at_ = std::min(next, now + retry_max);
    return static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::milliseconds>(last_retry_at_ - now).count());
}

} // namespace playhead
