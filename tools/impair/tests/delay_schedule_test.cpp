#include "delay_schedule.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

using namespace playhead::impair;
using namespace std::chrono_literals;

TEST_CASE("delays are uniform within the jitter around the mean") {
    DelaySchedule schedule({.mean = 80ms, .jitter = 40ms}, 7);
    constexpr int samples = 100'000;
    std::vector<int> tenths(10);
    std::int64_t sum_us = 0;
    for (int i = 0; i < samples; ++i) {
        const auto delay = schedule.sample();
        REQUIRE(delay >= 40ms);
        REQUIRE(delay <= 120ms);
        sum_us += delay.count();
        ++tenths[static_cast<std::size_t>(std::min<std::int64_t>((delay - 40ms).count() / 8000, 9))];
    }
    CHECK(static_cast<double>(sum_us) / samples == doctest::Approx(80'000).epsilon(0.005));
    for (const int count : tenths) CHECK(count == doctest::Approx(samples / 10.0).epsilon(0.05));
}

TEST_CASE("without jitter every delay is the mean") {
    DelaySchedule schedule({.mean = 15ms, .jitter = 0ms}, 3);
    CHECK(schedule.release(100ms) == 115ms);
    CHECK(schedule.release(101ms) == 116ms);
}

TEST_CASE("a piece never comes out before the one ahead of it") {
    DelaySchedule schedule({.mean = 50ms, .jitter = 50ms}, 11);
    Microseconds last{0};
    bool held_back = false;
    for (int i = 0; i < 1000; ++i) {
        const auto release = schedule.release(1ms * i);
        REQUIRE(release >= last);
        held_back = held_back || release == last;
        last = release;
    }
    CHECK(held_back); // pieces a millisecond apart must have met somewhere
}

TEST_CASE("the same seed gives the same delays and another seed others") {
    const auto delays = [](std::uint64_t seed) {
        DelaySchedule schedule({.mean = 80ms, .jitter = 40ms}, seed);
        std::vector<Microseconds> found(20);
        std::ranges::generate(found, [&] { return schedule.sample(); });
        return found;
    };
    CHECK(delays(5) == delays(5));
    CHECK(delays(5) != delays(6));
}

TEST_CASE("every direction of every connection has jitter of its own") {
    std::vector<std::uint64_t> seeds;
    for (std::uint64_t seed = 0; seed < 8; ++seed)
        for (std::uint64_t connection = 0; connection < 8; ++connection)
            for (const bool to_server : {false, true}) seeds.push_back(direction_seed(seed, connection, to_server));
    std::ranges::sort(seeds);
    CHECK(std::ranges::adjacent_find(seeds) == seeds.end());
}

TEST_CASE("the random numbers are those of the published generator") {
    SplitMix64 random(1234567);
    CHECK(random.next() == 6457827717110365317U);
    CHECK(random.next() == 3203168211198807973U);
    CHECK(random.next() == 9817491932198370423U);
}

TEST_CASE("a bottleneck sends one byte after the other and rests when idle") {
    Bottleneck bottleneck(8); // one byte a millisecond
    CHECK(bottleneck.departure(0ms, 100) == 100ms);
    CHECK(bottleneck.departure(10ms, 50) == 150ms);
    CHECK(bottleneck.departure(1000ms, 1) == 1001ms);
}

TEST_CASE("without a rate bytes leave as they arrive") {
    Bottleneck bottleneck({});
    CHECK(bottleneck.departure(5ms, 1 << 20) == 5ms);
}

TEST_CASE("what falls into a stall comes out at its end") {
    const Stall once{.start = 5s, .length = 1s, .every = {}};
    CHECK(after_stall(once, 4999ms) == 4999ms);
    CHECK(after_stall(once, 5000ms) == 6000ms);
    CHECK(after_stall(once, 5999ms) == 6000ms);
    CHECK(after_stall(once, 6000ms) == 6000ms);
    CHECK(after_stall(once, 15500ms) == 15500ms);
    CHECK(after_stall({}, 5500ms) == 5500ms);
}

TEST_CASE("a repeated stall comes again") {
    const Stall repeated{.start = 5s, .length = 1s, .every = 10s};
    CHECK(after_stall(repeated, 5500ms) == 6s);
    CHECK(after_stall(repeated, 14999ms) == 14999ms);
    CHECK(after_stall(repeated, 15500ms) == 16s);
}
