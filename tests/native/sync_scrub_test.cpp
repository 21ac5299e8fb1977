#include "lib/sync/scrub.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace playhead::client::test {
namespace {

struct Sought {
    double at_ms;
    double position_ms;
};

TEST_CASE("at most four seeks are sent in any second of dragging, and always the last") {
    sync::Scrubber scrubber;
    std::vector<Sought> sent;
    double now_ms = 0;
    for (int i = 0; i <= 500; ++i) {
        scrubber.move(i * 10);
        if (const auto position_ms = scrubber.take_due(now_ms)) sent.push_back({now_ms, *position_ms});
        now_ms += 8;
    }
    if (const auto position_ms = scrubber.end(now_ms)) sent.push_back({now_ms, *position_ms});
    CHECK(sent.back().position_ms == 5'000);
    CHECK(sent.size() > 10);
    for (const Sought& one : sent) {
        CHECK(std::ranges::count_if(sent, [&](const Sought& other) {
                  return other.at_ms >= one.at_ms && other.at_ms < one.at_ms + 1'000;
              }) <= 4);
    }
}

TEST_CASE("the first position is sent at once, and one on which the slider rests when its time has come") {
    sync::Scrubber scrubber;
    CHECK(std::isinf(scrubber.next_ms()));
    scrubber.move(1);
    CHECK(scrubber.take_due(0) == 1);
    CHECK_FALSE(scrubber.take_due(1'000));
    scrubber.move(2);
    CHECK(scrubber.take_due(1'000) == 2);
    scrubber.move(3);
    CHECK(scrubber.waiting() == 3);
    CHECK_FALSE(scrubber.take_due(1'010));
    CHECK(scrubber.next_ms() == 1'000 + sync::scrub_gap_ms);
    CHECK(scrubber.take_due(scrubber.next_ms()) == 3);
    CHECK_FALSE(scrubber.waiting());
}

TEST_CASE("as the slider is let go what waits is sent, and nothing when nothing does") {
    sync::Scrubber scrubber;
    CHECK_FALSE(scrubber.end(0));
    scrubber.move(1);
    CHECK(scrubber.take_due(0));
    CHECK_FALSE(scrubber.end(10));
    scrubber.move(2);
    CHECK(scrubber.end(20) == 2);
    // The next drag keeps its distance from that one, too.
    scrubber.move(3);
    CHECK_FALSE(scrubber.take_due(30));
}

TEST_CASE("what waits is forgotten when another action took its place") {
    sync::Scrubber scrubber;
    scrubber.move(1);
    CHECK(scrubber.take_due(0));
    scrubber.move(2);
    scrubber.cancel();
    CHECK_FALSE(scrubber.take_due(1'000));
    CHECK_FALSE(scrubber.waiting());
}

} // namespace
} // namespace playhead::client::test
