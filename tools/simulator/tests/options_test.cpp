#include "options.hpp"

#include <doctest/doctest.h>

#include <string_view>
#include <vector>

using namespace playhead::simulation;

namespace {

auto parsed(const std::vector<std::string_view>& arguments) { return parse_options(arguments); }

} // namespace

TEST_CASE("without options there is one world with everything in it, for a minute") {
    const auto options = parsed({});
    REQUIRE(options);
    CHECK(options->seed == 1);
    CHECK(options->seeds == 1);
    CHECK(options->duration == std::chrono::minutes{1});
    CHECK_FALSE(options->swarm);
    CHECK_FALSE(options->json);
}

TEST_CASE("seed, seeds, minutes, swarm, json and record are read") {
    const auto options = parsed({"--seed", "18446744073709551615", "--seeds", "200", "--minutes", "0.5", "--swarm",
                                 "--json", "--record", "var/worlds"});
    REQUIRE(options);
    CHECK(options->seed == 18446744073709551615U);
    CHECK(options->seeds == 200);
    CHECK(options->duration == std::chrono::seconds{30});
    CHECK(options->swarm);
    CHECK(options->json);
    CHECK(options->record == "var/worlds");
}

TEST_CASE("what makes no sense is refused, and named") {
    for (const std::vector<std::string_view>& arguments : std::vector<std::vector<std::string_view>>{
             {"--seed"},
             {"--record"},
             {"--seed", "x"},
             {"--seed", "-1"},
             {"--seeds", "0"},
             {"--seeds", "1000001"},
             {"--minutes", "0"},
             {"--minutes", "-1"},
             {"--minutes", "nan"},
             {"--minutes", "inf"},
             {"--minutes", "1441"},
             {"--minutes", "1x"},
             {"--hours", "1"},
             {"7"},
         }) {
        CAPTURE(arguments.front());
        const auto options = parsed(arguments);
        REQUIRE_FALSE(options);
        CHECK(options.error().find(arguments.front()) != std::string::npos);
    }
}
