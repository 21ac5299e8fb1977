#include "lib/sync/reports.hpp"
#include "replication/decode.hpp"
#include "replication/encode.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <utility>

namespace playhead::client::test {
namespace {

using namespace std::chrono_literals;

sync::Figures figures() {
    return {.version = Version{3},
            .media = MediaInstance{2},
            .clock = sync::ClockEstimate{.offset_ms = 1, .error_bound_ms = 0.5, .rtt_ms = 40, .jitter_ms = 3},
            .sync = SyncStatus{.phase = Phase::following,
                               .error_ms = -1.5,
                               .stalled = false,
                               .blocked = true,
                               .inexact = true,
                               .buffer_ms = 1'234.5,
                               .duration_ms = 90'000}};
}

TEST_CASE("a report says how the player is doing, in the wire's units") {
    const auto flags =
        static_cast<std::uint8_t>(std::to_underlying(ReportFlag::blocked) | std::to_underlying(ReportFlag::inexact));
    CHECK(sync::report_of(figures()) == Report{.version = Version{3},
                                               .media = MediaInstance{2},
                                               .drift = -1'500us,
                                               .delay = 20'000us,
                                               .clock_error = 500us,
                                               .buffer_ms = 1'235,
                                               .duration = 90s,
                                               .flags = flags});
}

TEST_CASE("a report says away without a player, and only then") {
    sync::Figures without = figures();
    without.sync.reset();
    CHECK(sync::report_of(without).flags == std::to_underlying(ReportFlag::away));
    CHECK((sync::report_of(figures()).flags & std::to_underlying(ReportFlag::away)) == 0);
}

TEST_CASE("a report can be sent and read whatever a player says") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinite = std::numeric_limits<double>::infinity();
    for (const double odd : {nan, infinite, -infinite, 1e300, -1e300}) {
        const sync::Figures strange{.clock = sync::ClockEstimate{.error_bound_ms = odd, .rtt_ms = odd},
                                    .sync = SyncStatus{.error_ms = odd, .buffer_ms = odd, .duration_ms = odd}};
        const Report report = sync::report_of(strange);
        INFO(odd);
        CHECK(report.duration >= 0us);
        CHECK(report.duration <= time_max);
        CHECK(report.delay >= 0us);
        const auto read = decode_client(encode(ClientMessage{report}));
        REQUIRE(read);
        CHECK(*read == ClientMessage{report});
    }
}

TEST_CASE("reports go out at the interval that the engine asks for, within bounds, until stopped") {
    sync::ReportSchedule schedule;
    CHECK(std::isinf(schedule.next_ms()));
    CHECK_FALSE(schedule.take_due(1e9));
    const auto count = [&](double from_ms, double for_ms) {
        int due = 0;
        for (int at = 0; at < for_ms / 10; ++at) due += schedule.take_due(from_ms + at * 10) ? 1 : 0;
        return due;
    };
    schedule.start(0, 0.5, 0);
    CHECK(count(0, 10'000) <= 40);
    schedule.start(2'000, 0, 0);
    CHECK(schedule.next_ms() == 1'000);
    CHECK(count(0, 20'000) == 10);
    schedule.start(1e12, 1, 0);
    CHECK(schedule.next_ms() == sync::report_ms_max);
    schedule.start(std::numeric_limits<double>::quiet_NaN(), 1, 0);
    CHECK(schedule.next_ms() == sync::report_ms_max);
    schedule.stop();
    CHECK(count(0, 20'000) == 0);
}

} // namespace
} // namespace playhead::client::test
