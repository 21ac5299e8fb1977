#include "report.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <memory>
#include <vector>

using namespace playhead::load;

TEST_CASE("an object is flat, in order, and what it quotes stays inside its quotes") {
    const std::vector<double> values{1.5, 2};
    FlatJson json;
    json.add("count", std::uint64_t{3}).add("ms", 0.1234).add("why", std::string_view("a \"b\"\\\n"));
    json.add("all", values).add("none", std::numeric_limits<double>::quiet_NaN());
    CHECK(json.text() == R"({"count":3,"ms":0.123,"why":"a \"b\"\\ ","all":[1.500,2.000],"none":null})");
    CHECK(FlatJson().text() == "{}");
    CHECK(FlatJson().append(FlatJson()).text() == "{}");
    CHECK(FlatJson().append(FlatJson().add("a", std::uint64_t{1})).text() == R"({"a":1})");
    CHECK(FlatJson().add("b", std::uint64_t{2}).append(FlatJson().add("a", std::uint64_t{1})).text() ==
          R"({"b":2,"a":1})");
}

TEST_CASE("what processes count adds up") {
    const auto tallies = std::make_unique<std::array<Tally, 2>>();
    (*tallies)[0].deliveries.add(10);
    (*tallies)[1].deliveries.add(32);
    (*tallies)[1].live.set(7);
    (*tallies)[0].heard.record(100);
    (*tallies)[1].heard.record(300);
    const auto sums = sums_of(*tallies);
    CHECK(sums.deliveries == 42);
    CHECK(sums.live == 7);
    CHECK(all_of(*tallies, &Tally::heard).count() == 2);
    CHECK(all_of(*tallies, &Tally::answered).count() == 0);
}

TEST_CASE("an outcome tells what happened between two moments") {
    Outcome outcome;
    outcome.before.deliveries = 100;
    outcome.before.messages = 100;
    outcome.after.deliveries = 300;
    outcome.after.messages = 500;
    outcome.after.live = 50;
    outcome.seconds = 2;
    outcome.heard.record(2000);
    FlatJson json;
    add_to(json, outcome);
    const auto text = json.text();
    for (const auto part :
         {R"("live":50)", R"("deliveries":200)", R"("messages":400)", R"("messages_per_delivery":2.000)",
          R"("deliveries_per_s":100.000)", R"("latency_samples":1)", R"("latency_ms_p50":2.000)",
          R"("reply_samples":0)", R"("gaps":0)", R"("behind":0)"}) {
        CAPTURE(part);
        CHECK(text.find(part) != std::string::npos);
    }
    CHECK(text.find("reply_ms_p50") == std::string::npos); // nothing was answered
    CHECK(text.find("complaint") == std::string::npos);
}

TEST_CASE("players are told of where there are some") {
    Outcome outcome;
    FlatJson none;
    add_to(none, outcome);
    CHECK(none.text().find("players") == std::string::npos);
    outcome.players = 2;
    outcome.after.looks = 4;
    for (const int us : {1000, 2000, 3000}) outcome.drift.record(us);
    FlatJson json;
    add_to(json, outcome);
    const auto text = json.text();
    for (const auto part : {R"("players":2)", R"("players_looked_at":4)", R"("players_following":0.750)",
                            R"("drift_samples":3)", R"("drift_ms_p50":2.0)", R"("drift_ms_p95":3.0)"}) {
        CAPTURE(part);
        CHECK(text.find(part) != std::string::npos);
    }
}

TEST_CASE("the first complaint is kept") {
    const auto board = std::make_unique<Board>();
    CHECK(board->complaint().empty());
    board->complain("the first");
    board->complain("the second");
    CHECK(board->complaint() == "the first");
    const auto other = std::make_unique<Board>();
    other->complain(std::string(1000, 'x'));
    CHECK(other->complaint().size() == 255);
}
