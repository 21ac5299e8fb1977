#include "mix.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace playhead::load;

namespace {
auto count_of(const std::vector<Act>& acts, Act act) { return std::ranges::count(acts, act); }
} // namespace

TEST_CASE("a mix is shares of acts") {
    const auto mix = parse_mix("watch=95,chat=3,seek=1,leave=1");
    REQUIRE(mix.has_value());
    const auto acts = acts_of(*mix, 1000);
    CHECK(acts.size() == 1000);
    CHECK(count_of(acts, Act::watch) == 950);
    CHECK(count_of(acts, Act::chat) == 30);
    CHECK(count_of(acts, Act::seek) == 10);
    CHECK(count_of(acts, Act::leave) == 10);
    CHECK(count_of(acts, Act::stall) == 0);
}

TEST_CASE("shares hold to within one at every beginning, so that a few viewers are a mix, too") {
    const auto mix = parse_mix("watch=3,pause=1");
    REQUIRE(mix.has_value());
    const auto acts = acts_of(*mix, 41);
    for (std::size_t length = 1; length <= acts.size(); ++length) {
        const auto pauses = static_cast<double>(
            std::ranges::count(acts.begin(), acts.begin() + static_cast<std::ptrdiff_t>(length), Act::pause));
        CHECK(std::abs(pauses - static_cast<double>(length) / 4) <= 1);
    }
}

TEST_CASE("shares need not add up to anything") {
    const auto mix = parse_mix("react=2");
    REQUIRE(mix.has_value());
    CHECK(count_of(acts_of(*mix, 7), Act::react) == 7);
    CHECK(acts_of(Mix{}, 2) == std::vector{Act::watch, Act::watch});
    CHECK(acts_of(Mix{}, 0).empty());
}

TEST_CASE("a wrong mix is named with what was expected") {
    for (const char* text : {"watch", "dance=1", "watch=", "watch=-1", "watch=1x", "watch=1,,seek=1", "seek=1000001"}) {
        CAPTURE(text);
        const auto mix = parse_mix(text);
        REQUIRE_FALSE(mix.has_value());
        CHECK(mix.error().find("watch, pause, seek, chat, react, leave, reconnect, stall") != std::string::npos);
    }
    CHECK_FALSE(parse_mix("").has_value());
    CHECK_FALSE(parse_mix("watch=0,seek=0").has_value());
}
