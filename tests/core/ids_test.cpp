#include "core/ids.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace playhead;

TEST_CASE("a room id is kept as it was written") {
    const std::string longest(RoomId::length_max, 'x');
    for (const std::string& text : {std::string("a"), std::string("demo"), std::string("Movie_night-2"),
                                    std::string("0"), std::string("___"), longest}) {
        CAPTURE(text);
        const auto id = RoomId::parse(text);
        REQUIRE(id);
        CHECK(id->text() == text);
    }
}

TEST_CASE("what is not safe in a URL or a file name is no room id") {
    for (const std::string& text :
         {std::string(), std::string(65, 'x'), std::string(10'000, 'x'), std::string("a b"), std::string("../etc"),
          std::string("."), std::string("a/b"), std::string("a\\b"), std::string("a%2e"), std::string("caf\xC3\xA9"),
          std::string("a\0b", 3), std::string("a\n"), std::string("\xFF")}) {
        CAPTURE(text);
        const auto id = RoomId::parse(text);
        REQUIRE_FALSE(id);
        CHECK(id.error().code == ErrorCode::malformed);
        CHECK_FALSE(id.error().message.empty());
    }
}

TEST_CASE("every error code has a name of its own") {
    CHECK(name_of(ErrorCode::none) == "none");
    CHECK(name_of(ErrorCode::token_foreign) == "token_foreign");
    CHECK(name_of(ErrorCode::internal) == "internal");
    CHECK(name_of(static_cast<ErrorCode>(9999)) == "unknown");
    for (std::uint16_t code = 0; code <= static_cast<std::uint16_t>(ErrorCode::internal); ++code) {
        CAPTURE(code);
        CHECK(name_of(static_cast<ErrorCode>(code)) != "unknown");
        for (std::uint16_t other = 0; other < code; ++other) {
            CHECK(name_of(static_cast<ErrorCode>(code)) != name_of(static_cast<ErrorCode>(other)));
        }
    }
}
