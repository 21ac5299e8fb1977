#include "cpu_time.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

using namespace playhead::load;

TEST_CASE("user and system time are the fourteenth and fifteenth field of /proc/PID/stat") {
    CHECK(parse_process_stat("4711 (playhead) S 1 4711 4711 0 -1 4194304 900 0 0 0 123 456 0 0 20 0 3 0 1000 1 1\n") ==
          ProcessTicks{.user = 123, .system = 456});
}

TEST_CASE("a program's name may hold blanks and brackets") {
    CHECK(parse_process_stat("7 (a) b (c) R 1 2 3 4 5 6 7 8 9 10 11 12 13 14") ==
          ProcessTicks{.user = 11, .system = 12});
}

TEST_CASE("what is no such line gives nothing") {
    CHECK_FALSE(parse_process_stat("").has_value());
    CHECK_FALSE(parse_process_stat("4711 (playhead) S 1 2 3").has_value());
    CHECK_FALSE(parse_process_stat("4711 (playhead) S 1 4711 4711 0 -1 4194304 900 0 0 0 x 456 0").has_value());
    CHECK_FALSE(parse_process_stat("4711 playhead S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16").has_value());
}

TEST_CASE("a process has used processor time, and one that is not there has none") {
    const auto own = cpu_time_of(::getpid());
    REQUIRE(own.has_value());
    CHECK(own->total_ns > 0);
    const auto nobody = cpu_time_of(4'194'304); // Linux has none from there on
    REQUIRE_FALSE(nobody.has_value());
    CHECK(nobody.error().find("there is no process") != std::string::npos);
}
