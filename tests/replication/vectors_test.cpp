#include "vectors/wire_vectors.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

using namespace playhead;

TEST_CASE("the golden vectors in tests/vectors/wire.json are what this engine writes") {
    const std::ifstream file("tests/vectors/wire.json", std::ios::binary);
    REQUIRE_MESSAGE(file, "run from the source folder");
    std::ostringstream text;
    text << file.rdbuf();
    // Not CHECK(a == b): a difference would print both files.
    const bool up_to_date = text.str() == test::wire_vectors();
    CHECK_MESSAGE(up_to_date, "if the wire was meant to change: playhead_wire_vectors > tests/vectors/wire.json");
}
