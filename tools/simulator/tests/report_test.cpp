#include "report.hpp"
#include "simulation/swarm.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <vector>

using namespace playhead::simulation;
using std::chrono::seconds;

namespace {

boost::json::object report_of(std::uint64_t seed, const std::vector<Complaint>& more = {}) {
    spdlog::set_level(spdlog::level::off);
    World world{everything(seed, seconds{5})};
    std::vector<Complaint> wrong = world.live();
    wrong.insert(wrong.end(), more.begin(), more.end());
    RunReport report;
    report.add(seed, world, wrong);
    CHECK(report.broken() == !wrong.empty());
    CHECK(report.words(1).find("1 world") != std::string::npos);
    return boost::json::parse(report.json(2)).as_object();
}

} // namespace

TEST_CASE("a report says what was simulated, how fast, and what was reached") {
    const auto report = report_of(4);
    CHECK(report.at("seeds").to_number<int>() == 1);
    CHECK(report.at("simulated_s").to_number<double>() > 5);
    CHECK(report.at("simulated_s_per_s").to_number<double>() == report.at("simulated_s").to_number<double>() / 2);
    CHECK(report.at("operations").to_number<int>() > 100);
    CHECK(report.at("coverage").as_object().at("welcomed").to_number<int>() > 0);
    CHECK(report.at("broken").as_array().empty());
}

TEST_CASE("the same seed gives the same hash, another one another") {
    const auto hash = report_of(4).at("hash");
    CHECK(hash == report_of(4).at("hash"));
    CHECK(hash != report_of(5).at("hash"));
}

TEST_CASE("what was broken is named with its seed") {
    const auto report = report_of(4, {{Invariant::counts, "one too many"}});
    const auto broken = report.at("broken").as_array();
    REQUIRE(broken.size() == 1);
    CHECK(broken[0].at("seed").to_number<int>() == 4);
    CHECK(broken[0].at("invariant").as_string() == "counts");
    CHECK(broken[0].at("what").as_string() == "one too many");
}
