#include "session/clock.hpp"

#include <cerrno>
#include <ctime>
#include <sys/random.h>
#include <system_error>

namespace playhead {
namespace {

std::int64_t nanoseconds_of(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

} // namespace

SteadyClock::SteadyClock() : start_ns_(nanoseconds_of(CLOCK_MONOTONIC)) {}

ServerTime SteadyClock::now() const {
    return ServerTime{Microseconds{(nanoseconds_of(CLOCK_MONOTONIC) - start_ns_) / 1000}};
}

std::int64_t SteadyClock::unix_us() const { return nanoseconds_of(CLOCK_REALTIME) / 1000; }

Microseconds SteadyClock::thread_time() const { return Microseconds{nanoseconds_of(CLOCK_THREAD_CPUTIME_ID) / 1000}; }

void SystemRandom::fill(std::span<std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
        if (got < 0) {
            if (errno == EINTR) continue;
            // Without unpredictable bytes no token is worth anything: better no engine than one with guessable tokens.
            throw std::system_error(errno, std::generic_category(), "getrandom");
        }
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
}

} // namespace playhead
