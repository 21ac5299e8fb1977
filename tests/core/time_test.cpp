#include "core/time.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace std::chrono_literals;

TEST_CASE("a tick starts where arithmetic says, however late in the run") {
    const TickLength length;
    CHECK(length.start_of(Tick{0}) == ServerTime{0us});
    CHECK(length.start_of(Tick{1}) == ServerTime{50ms});
    CHECK(length.start_of(Tick{4'294'967'295}) == ServerTime{Microseconds{214'748'364'750'000}});
}

TEST_CASE("the tick at a time is the newest that has started") {
    const TickLength length;
    CHECK(length.at(ServerTime{-1us}) == Tick{0});
    CHECK(length.at(ServerTime{0us}) == Tick{0});
    CHECK(length.at(ServerTime{49'999us}) == Tick{0});
    CHECK(length.at(ServerTime{50'000us}) == Tick{1});
    CHECK(length.at_or_after(ServerTime{0us}) == Tick{0});
    CHECK(length.at_or_after(ServerTime{1us}) == Tick{1});
    CHECK(length.at_or_after(ServerTime{50'000us}) == Tick{1});
    CHECK(length.at_or_after(ServerTime{50'001us}) == Tick{2});
}
