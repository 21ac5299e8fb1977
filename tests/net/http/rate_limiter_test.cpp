#include "net/http/rate_limiter.hpp"

#include <doctest/doctest.h>

#include <string>

using playhead::http::RateLimiter;
using namespace std::chrono_literals;

TEST_CASE("[H8] an address may create a minute's rooms at once and then one at a time") {
    RateLimiter limiter{6};
    for (int n = 0; n < 6; ++n) CHECK_FALSE(limiter.take("a", 0ms).has_value());
    CHECK(limiter.take("a", 0ms) == 10s);
    CHECK(limiter.take("a", 4s) == 6s);
    CHECK_FALSE(limiter.take("b", 4s).has_value());
    CHECK_FALSE(limiter.take("a", 10s).has_value());
    CHECK(limiter.take("a", 10s).has_value());
    for (int n = 0; n < 6; ++n) CHECK_FALSE(limiter.take("a", 10min).has_value());
    CHECK(limiter.take("a", 10min).has_value());
}

TEST_CASE("[H8] no flood of addresses makes the limiter grow beyond its bound") {
    RateLimiter limiter{2};
    for (std::size_t n = 0; n < RateLimiter::addresses_max + 100; ++n) limiter.take("flood" + std::to_string(n), 0ms);
    CHECK(limiter.addresses() <= RateLimiter::addresses_max + 1);
    CHECK(limiter.take("one too many", 0ms).has_value()); // shares what the other strangers have used up
    CHECK_FALSE(limiter.take("later", 2min).has_value()); // all are full again, and forgotten
    CHECK(limiter.addresses() == 1);
}

TEST_CASE("[H8] a limit of no rooms a minute means none") {
    RateLimiter limiter{0};
    CHECK(limiter.take("a", 0ms).has_value());
    CHECK(limiter.take("a", 1h).has_value());
}
