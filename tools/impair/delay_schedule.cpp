#include "delay_schedule.hpp"

#include <algorithm>

namespace playhead::impair {

Microseconds after_stall(const std::optional<Stall>& stall, Microseconds time) {
    if (!stall || time < stall->start) return time;
    const auto since = time - stall->start;
    const auto into = stall->every ? since % *stall->every : since;
    return into < stall->length ? time + (stall->length - into) : time;
}

std::uint64_t SplitMix64::next() {
    auto z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

std::uint64_t SplitMix64::up_to(std::uint64_t bound) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * (static_cast<Wide>(bound) + 1)) >> 64);
}

std::uint64_t direction_seed(std::uint64_t seed, std::uint64_t connection, bool to_server) {
    SplitMix64 first(seed);
    SplitMix64 second(first.next() + connection);
    SplitMix64 third(second.next() + (to_server ? 1 : 0));
    return third.next();
}

Microseconds Bottleneck::departure(Microseconds arrival, std::size_t bytes) {
    if (!rate_kbps_) return arrival;
    const auto sending = static_cast<std::int64_t>(bytes * 8 * 1000 / *rate_kbps_); // kbit/s is bits per millisecond
    free_at_ = std::max(free_at_, arrival) + Microseconds(sending);
    return free_at_;
}

Microseconds DelaySchedule::sample() {
    const auto spread = static_cast<std::uint64_t>(2 * delay_.jitter.count());
    return delay_.mean - delay_.jitter + Microseconds(static_cast<std::int64_t>(random_.up_to(spread)));
}

Microseconds DelaySchedule::release(Microseconds departure) {
    last_release_ = std::max(last_release_, departure + sample());
    return last_release_;
}

} // namespace playhead::impair
