#include "session/clock.hpp"

#include <cerrno>
#include <ctime>
#include <sys/random.h>
#include <system_error>

namespace playhead {
namespace {

std::int64_t monotonic_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

} // namespace

SteadyClock::SteadyClock() : start_ns_(monotonic_ns()) {}

ServerTime SteadyClock::now() const { return ServerTime{Microseconds{(monotonic_ns() - start_ns_) / 1000}}; }

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
