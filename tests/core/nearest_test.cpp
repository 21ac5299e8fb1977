#include "core/nearest.hpp"

#include <doctest/doctest.h>

using namespace playhead;

namespace {

const std::vector<std::string> known{"listen", "limits.rooms_max", "limits.viewer_grace_s", "rooms[].title"};

} // namespace

TEST_CASE("the key that was probably meant is the fewest changes away") {
    CHECK(nearest(known, "lisen") == "listen");
    CHECK(nearest(known, "limits.viewer_grase_s") == "limits.viewer_grace_s");
    CHECK(nearest(known, "limits.viewer_grace") == "limits.viewer_grace_s");
    CHECK_FALSE(nearest(known, "something_else_entirely").has_value());
    CHECK_FALSE(nearest({}, "listen").has_value());
}

TEST_CASE("the same name in another table is meant, and a position in a list does not matter") {
    CHECK(nearest(known, "rooms_max") == "limits.rooms_max");
    CHECK(nearest(known, "rooms[3].titel") == "rooms[].title");
}

TEST_CASE("a name of any length costs little") {
    CHECK_FALSE(nearest(known, std::string(100'000, 'l')).has_value());
    CHECK(no_such_key(known, std::string(100'000, 'l')) == "there is no such key");
    CHECK(no_such_key(known, "lisen") == "there is no such key; did you mean listen?");
}
