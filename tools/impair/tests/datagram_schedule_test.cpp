#include "datagram_schedule.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace playhead::impair;
using namespace std::chrono_literals;

namespace {
constexpr Delay even{.mean = 60ms, .jitter = 20ms};
constexpr Delay none{};

std::vector<std::vector<Microseconds>> fates(Delay delay, Faults faults, std::uint64_t seed, int count) {
    DatagramSchedule schedule(delay, faults, seed);
    std::vector<std::vector<Microseconds>> found;
    found.reserve(static_cast<std::size_t>(count));
    for (int n = 0; n < count; ++n) found.push_back(schedule.releases(1ms * n));
    return found;
}
} // namespace

TEST_CASE("without faults every datagram comes out once, within the jitter") {
    int overtaken = 0;
    Microseconds last{0};
    const auto found = fates(even, {}, 7, 10'000);
    for (std::size_t n = 0; n < found.size(); ++n) {
        REQUIRE(found[n].size() == 1);
        const auto delay = found[n][0] - 1ms * n;
        REQUIRE(delay >= 40ms);
        REQUIRE(delay <= 80ms);
        overtaken += found[n][0] < last ? 1 : 0;
        last = found[n][0];
    }
    CHECK(overtaken > 1000); // a millisecond apart with 40 ms of spread: nothing keeps their order
}

TEST_CASE("as many are lost and doubled as asked for, each on its own") {
    constexpr int count = 200'000;
    const auto found = fates(even, {.loss_ppm = 50'000, .duplicate_ppm = 100'000}, 3, count);
    const auto of_size = [&](std::size_t size) {
        return std::ranges::count(found, size, &std::vector<Microseconds>::size);
    };
    CHECK(static_cast<double>(of_size(0)) / count == doctest::Approx(0.05).epsilon(0.05));
    CHECK(static_cast<double>(of_size(2)) / count == doctest::Approx(0.95 * 0.1).epsilon(0.05));
    int pairs = 0;
    for (std::size_t n = 1; n < found.size(); ++n) pairs += found[n].empty() && found[n - 1].empty() ? 1 : 0;
    CHECK(static_cast<double>(pairs) / count == doctest::Approx(0.0025).epsilon(0.15));
}

TEST_CASE("nothing and everything are possible") {
    for (const auto& fate : fates(none, {.loss_ppm = certain_ppm}, 1, 100)) CHECK(fate.empty());
    for (const auto& fate : fates(none, {.duplicate_ppm = certain_ppm}, 1, 100)) CHECK(fate.size() == 2);
}

TEST_CASE("a reordered datagram is held back between the bounds") {
    const auto found = fates(none, {.reorder_ppm = 250'000}, 5, 10'000);
    int held = 0;
    for (std::size_t n = 0; n < found.size(); ++n) {
        const auto late = found[n][0] - 1ms * n;
        if (late == 0ms) continue;
        ++held;
        REQUIRE(late >= reorder_min);
        REQUIRE(late <= reorder_max);
    }
    CHECK(held == doctest::Approx(2500).epsilon(0.05));
}

TEST_CASE("one seed gives one fate, and a loss does not change the delays of what arrives") {
    const auto clean = fates(even, {}, 9, 1000);
    CHECK(clean == fates(even, {}, 9, 1000));
    CHECK(clean != fates(even, {}, 10, 1000));
    const auto lossy = fates(even, {.loss_ppm = 200'000}, 9, 1000);
    for (std::size_t n = 0; n < clean.size(); ++n)
        if (!lossy[n].empty()) REQUIRE(lossy[n] == clean[n]);
}
