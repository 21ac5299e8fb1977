#include "latencies.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

using namespace playhead::load;

TEST_CASE("short latencies are counted exactly, long ones to within a sixty-fourth") {
    Latencies latencies;
    for (int us = 1; us <= 60; ++us) latencies.record(us);
    CHECK(latencies.count() == 60);
    CHECK(latencies.quantile_us(0.5) == 30);
    CHECK(latencies.quantile_us(0) == 1);
    CHECK(latencies.quantile_us(1) == 60);
    CHECK(latencies.mean_us() == 30.5);

    for (const std::int64_t us : {64, 65, 127, 128, 1000, 123'456, 99'999'999}) {
        Latencies one;
        one.record(us);
        one.record(Latencies::us_max); // or the greatest would be exact in any case
        CAPTURE(us);
        CHECK(one.quantile_us(0.5) >= static_cast<double>(us));
        CHECK(one.quantile_us(0.5) <= static_cast<double>(us) * 65 / 64);
    }
}

TEST_CASE("percentiles of many random latencies are those of the sorted list, as fine as the buckets") {
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> distribution(8, 2);
    Latencies latencies;
    std::vector<double> all;
    for (int n = 0; n < 20'000; ++n) {
        const auto us = std::min(static_cast<std::int64_t>(distribution(random)), std::int64_t{100'000'000});
        latencies.record(us);
        all.push_back(static_cast<double>(us));
    }
    std::ranges::sort(all);
    for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
        const double exact = all[static_cast<std::size_t>(std::ceil(share * 20'000)) - 1];
        CAPTURE(share);
        CHECK(latencies.quantile_us(share) >= exact);
        CHECK(latencies.quantile_us(share) <= exact * 65 / 64);
    }
    CHECK(static_cast<double>(latencies.max_us()) == all.back());
}

TEST_CASE("latencies of several processes add up") {
    Latencies one;
    Latencies other;
    one.record(10);
    other.record(20);
    other.record(5000);
    one.add(other);
    CHECK(one.count() == 3);
    CHECK(one.max_us() == 5000);
    CHECK(one.quantile_us(0.5) == 20);
    CHECK(one.count_up_to(9) == 0);
    CHECK(one.count_up_to(10) == 1);
    CHECK(one.count_up_to(20) == 2);
    CHECK(one.count_up_to(Latencies::us_max * 2) == 3);
}

TEST_CASE("what cannot be is counted as the nearest that can") {
    Latencies latencies;
    CHECK(latencies.quantile_us(0.5) == 0);
    CHECK(latencies.mean_us() == 0);
    latencies.record(-5);
    CHECK(latencies.quantile_us(1) == 0);
    latencies.record(std::int64_t{1} << 60);
    CHECK(latencies.max_us() == Latencies::us_max);
    CHECK(latencies.quantile_us(1) == static_cast<double>(Latencies::us_max));
}

TEST_CASE("what came since another moment is told apart from what was before") {
    Latencies latencies;
    for (const int us : {10, 5000, 90'000}) latencies.record(us);
    const Latencies before = latencies;
    CHECK(latencies.since(before).count() == 0);
    CHECK(latencies.since(before).quantile_us(1) == 0);
    for (const int us : {20, 30, 40}) latencies.record(us);
    const Latencies since = latencies.since(before);
    CHECK(since.count() == 3);
    CHECK(since.mean_us() == 30);
    CHECK(since.quantile_us(0.5) == 30);
    CHECK(since.max_us() == 40); // and not what was there before
}
