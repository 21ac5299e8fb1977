#include "chart.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace playhead::load;

namespace {

std::size_t count_in(const std::string& text, std::string_view words) {
    std::size_t count = 0;
    for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
    return count;
}

} // namespace

TEST_CASE("a picture shows how far off players are, if there are any") {
    Chart chart{.title = "10 viewers", .heard = {}, .deliveries = {}};
    chart.heard.record(50'000);
    CHECK(count_in(svg_of(chart), "class=\"drift\"") == 0);
    chart.drift.record(200);
    chart.drift.record(3000);
    const auto svg = svg_of(chart);
    CHECK(count_in(svg, "class=\"drift\"") == 1);
    CHECK(svg.find("players: p50 0.2") != std::string::npos);
    CHECK(svg.find("max 3<") != std::string::npos);
    chart.heard = {};
    CHECK(count_in(svg_of(chart), "nothing was delivered") == 0);
    CHECK(svg_of(chart).find("nan") == std::string::npos);
}

TEST_CASE("a picture shows both curves and the percentiles") {
    Chart chart{.title = "10 viewers", .heard = {}, .deliveries = {{0.5, 100}, {1, 420}, {1.5, 0}}};
    for (int n = 1; n <= 100; ++n) chart.heard.record(n * 1000);
    const auto svg = svg_of(chart);
    CHECK(svg.starts_with("<svg xmlns="));
    CHECK(svg.ends_with("</svg>\n"));
    CHECK(count_in(svg, "<polyline") == 2);
    CHECK(svg.find("10 viewers") != std::string::npos);
    CHECK(svg.find("p50 50.") != std::string::npos);
    CHECK(svg.find("max 100") != std::string::npos);
    CHECK(svg.find(">500<") != std::string::npos); // the scale of deliveries ends at a round number
    CHECK(svg.find("nan") == std::string::npos);
    CHECK(svg.find("inf") == std::string::npos);
}

TEST_CASE("a picture of nothing says so") {
    const auto svg = svg_of({});
    CHECK(svg.find("nothing was delivered") != std::string::npos);
    CHECK(count_in(svg, "<polyline") == 0);
    CHECK(svg.find("nan") == std::string::npos);
}

TEST_CASE("a title cannot break out of the picture") {
    const auto svg = svg_of({.title = "<script>&\n", .heard = {}, .deliveries = {}});
    CHECK(svg.find("<script>") == std::string::npos);
    CHECK(svg.find("&lt;script&gt;&amp; ") != std::string::npos);
}
