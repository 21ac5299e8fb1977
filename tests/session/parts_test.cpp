// The small parts: tokens, telemetry, metrics, random numbers, the clock.
#include "session/support.hpp"
#include "session/telemetry.hpp"
#include "session/token.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace playhead;
using namespace playhead::testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("[J3] a token reads back as what it was, and in no other spelling") {
    SeededRandom random{7};
    for (const TokenKind kind : {TokenKind::join, TokenKind::owner, TokenKind::resume}) {
        const Token token{kind, room_id("a-Room_1"), Secret::random(random)};
        const std::string text = to_text(token);
        const auto parsed = parse_token(text);
        REQUIRE(parsed);
        CHECK(parsed->kind == kind);
        CHECK(parsed->room == token.room);
        CHECK(same(parsed->secret, token.secret));
        // Every single other character at every place is another token or none.
        for (std::size_t i = 0; i < text.size(); ++i) {
            std::string other = text;
            other[i] = other[i] == 'A' ? 'B' : 'A';
            const auto wrong = parse_token(other);
            CHECK((!wrong || wrong->room != token.room || !same(wrong->secret, token.secret)));
        }
    }
}

TEST_CASE("[J3] misshapen tokens are refused as such") {
    const std::string good = "j.den.AAAAAAAAAAAAAAAAAAAAAA";
    REQUIRE(parse_token(good));
    for (const std::string& bad :
         {std::string{}, std::string{"j"}, std::string{"j."}, std::string{"j.den"}, std::string{"j.den."},
          std::string{"j..AAAAAAAAAAAAAAAAAAAAAA"}, "x" + good.substr(1), good.substr(1), good + "A",
          good.substr(0, good.size() - 1), good.substr(0, good.size() - 1) + "B", good.substr(0, good.size() - 1) + "+",
          good.substr(0, good.size() - 1) + "=", std::string{"j.d/n.AAAAAAAAAAAAAAAAAAAAAA"},
          "j." + std::string(65, 'a') + ".AAAAAAAAAAAAAAAAAAAAAA", good + '\0', " " + good}) {
        const auto token = parse_token(bad);
        CHECK_MESSAGE(!token, bad);
        if (!token) CHECK(token.error().code == ErrorCode::token_malformed);
    }
}

TEST_CASE("secrets from the system differ") {
    SystemRandom random;
    const Secret one = Secret::random(random);
    CHECK_FALSE(same(one, Secret::random(random)));
    CHECK(same(one, one));
}

TEST_CASE("the real clock starts near zero and goes on") {
    const SteadyClock clock;
    const ServerTime first = clock.now();
    CHECK(first.time_since_epoch() >= Microseconds{0});
    CHECK(first.time_since_epoch() < seconds{10});
    CHECK(clock.now() >= first);
}

TEST_CASE("[S10] small rooms see everyone, wide rooms a distribution and the worst") {
    std::vector<Telemetry> rows;
    for (std::uint32_t i = 1; i <= 100; ++i) {
        rows.push_back({.viewer = ViewerId{i},
                        .drift = Microseconds{i % 2 == 0 ? i * 1000 : -static_cast<std::int64_t>(i) * 1000},
                        .delay_ms = 0,
                        .buffer_ms = 0,
                        .flags = static_cast<std::uint8_t>(i <= 3   ? 1
                                                           : i <= 7 ? 2
                                                                    : 0)});
    }
    Beacon small;
    add_telemetry(small, {rows.begin(), rows.begin() + 32}, 32);
    CHECK(small.telemetry.size() == 32);
    CHECK_FALSE(small.distribution);
    Beacon wide;
    add_telemetry(wide, rows, 5000);
    REQUIRE(wide.distribution);
    CHECK(wide.distribution->reporting == 100);
    CHECK(wide.distribution->p50 == Microseconds{51'000});
    CHECK(wide.distribution->p95 == Microseconds{96'000});
    CHECK(wide.distribution->max == Microseconds{100'000});
    CHECK(wide.distribution->stalled == 3);
    CHECK(wide.distribution->away == 4);
    REQUIRE(wide.telemetry.size() == telemetry_worst_count);
    CHECK(wide.telemetry.front().viewer == ViewerId{100});
    CHECK(wide.telemetry.back().viewer == ViewerId{93});
}

TEST_CASE("[S10] figures about other media or from long ago are not shown") {
    ViewerFigures figures;
    const ServerTime now{seconds{100}};
    CHECK_FALSE(figures.telemetry(ViewerId{1}, MediaInstance{1}, now, seconds{1}));
    Report report;
    report.media = MediaInstance{1};
    figures.add(report, now);
    CHECK(figures.telemetry(ViewerId{1}, MediaInstance{1}, now + seconds{4}, seconds{1}));
    CHECK_FALSE(figures.telemetry(ViewerId{1}, MediaInstance{1}, now + milliseconds{4001}, seconds{1}));
    CHECK_FALSE(figures.telemetry(ViewerId{1}, MediaInstance{2}, now, seconds{1}));
}

TEST_CASE("[S13] however slow the pace, nobody is asked to say so little that it is taken for gone") {
    SessionSettings settings;
    settings.report_interval = milliseconds{5000};
    settings.silence_timeout = std::chrono::seconds{30};
    CHECK(pace_for(200, 200, settings).report_interval == milliseconds{5000});
    CHECK(pace_for(10'000, 10'000, settings).report_interval == milliseconds{10'000});
    CHECK(pace_for(10'000, 10'000, settings).ping_interval == milliseconds{10'000});
    settings.silence_timeout = std::chrono::seconds{600};
    CHECK(pace_for(10'000, 10'000, settings).report_interval == milliseconds{50'000});
}

TEST_CASE("[S13] the pace that clients are asked for falls with the room's size, and that of pings with what its "
          "thread serves") {
    const SessionSettings settings;
    struct Case {
        std::size_t viewers, sessions;
        int report_ms, ping_ms;
    };
    for (const Case& one :
         {Case{0, 0, 1000, 250}, Case{32, 32, 1000, 250}, Case{64, 64, 1000, 500}, Case{200, 200, 1000, 1500},
          Case{400, 400, 2000, 3000}, Case{2000, 2000, 10'000, 10'000}, Case{20'000, 20'000, 10'000, 10'000},
          Case{2, 999, 1000, 250}, Case{2, 1000, 1000, 500}, Case{2, 8000, 1000, 4000}, Case{400, 8000, 2000, 4000}}) {
        CHECK(pace_for(one.viewers, one.sessions, settings).report_interval == milliseconds{one.report_ms});
        CHECK(pace_for(one.viewers, one.sessions, settings).ping_interval == milliseconds{one.ping_ms});
    }
}

TEST_CASE("a histogram puts each duration under the bound that it does not exceed") {
    const auto bucket_of = [](int us) {
        Histogram histogram;
        histogram.record(Microseconds{us});
        const auto& buckets = histogram.buckets();
        return static_cast<std::size_t>(std::ranges::find(buckets, std::uint64_t{1}) - buckets.begin());
    };
    CHECK(bucket_of(-5) == 0);
    CHECK(bucket_of(0) == 0);
    CHECK(Histogram::bound(0) == Microseconds{1});
    for (std::size_t bucket = 1; bucket + 1 < Histogram::bucket_count; ++bucket) {
        const auto bound = static_cast<int>(Histogram::bound(bucket).count());
        const auto below = static_cast<int>(Histogram::bound(bucket - 1).count());
        CAPTURE(bucket);
        CHECK(bucket_of(bound) == bucket);
        CHECK(bucket_of(below + 1) == bucket);
        CHECK((bucket < 4 || bound * 4 <= below * 5));
    }
    CHECK(Histogram::bound(Histogram::bucket_count - 2) == Microseconds{1 << 22});
    CHECK(bucket_of((1 << 22) + 1) == Histogram::bucket_count - 1);
    CHECK(bucket_of(2'000'000'000) == Histogram::bucket_count - 1);
}

TEST_CASE("a histogram's quantile is a bound from above") {
    Histogram histogram;
    CHECK(histogram.quantile(0.5) == Microseconds{0});
    for (const int us : {3, 3, 3, 1025}) histogram.record(Microseconds{us});
    CHECK(histogram.quantile(0.5) == Microseconds{3});
    CHECK(histogram.quantile(1.0) == Microseconds{1280});
    CHECK(histogram.count() == 4);
    CHECK(histogram.sum() == Microseconds{1034});
}

TEST_CASE("metrics are Prometheus text: each with help and type, buckets that only grow, seconds as unit") {
    Metrics metrics;
    metrics.tick_duration.record(Microseconds{3});
    metrics.tick_duration.record(Microseconds{1'500'000});
    metrics.commands_applied_total = 12;
    const std::string text = to_prometheus(metrics);
    CHECK(text.find("\nplayhead_commands_applied_total 12\n") != std::string::npos);
    CHECK(text.find("# TYPE playhead_tick_duration_seconds histogram\n") != std::string::npos);
    CHECK(text.find("\nplayhead_tick_duration_seconds_bucket{le=\"0.000002\"} 0\n") != std::string::npos);
    CHECK(text.find("\nplayhead_tick_duration_seconds_bucket{le=\"0.000004\"} 1\n") != std::string::npos);
    CHECK(text.find("\nplayhead_tick_duration_seconds_bucket{le=\"1.310720\"} 1\n") != std::string::npos);
    CHECK(text.find("\nplayhead_tick_duration_seconds_bucket{le=\"1.572864\"} 2\n") != std::string::npos);
    CHECK(text.find("\nplayhead_tick_duration_seconds_bucket{le=\"+Inf\"} 2\n") != std::string::npos);
    CHECK(text.find("\nplayhead_tick_duration_seconds_sum 1.500003\n") != std::string::npos);
    CHECK(text.find("\nplayhead_tick_duration_seconds_count 2\n") != std::string::npos);
    const auto count = [&](std::string_view what) {
        std::size_t found = 0;
        for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
        return found;
    };
    CHECK(count("# HELP playhead_") == count("# TYPE playhead_"));
    // One for every member of Metrics: 4 histograms and plain numbers.
    CHECK(count("# TYPE playhead_") ==
          4 + (sizeof(Metrics) - 3 * sizeof(Histogram) - sizeof(DriftHistogram)) / sizeof(std::uint64_t));
}
