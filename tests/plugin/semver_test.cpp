#include "plugin/semver.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace playhead;

namespace {

bool allows(std::string_view range, std::string_view version) {
    CAPTURE(range);
    CAPTURE(version);
    const auto parsed = VersionRange::parse(range);
    const auto known = SemanticVersion::parse(version);
    REQUIRE(parsed.has_value());
    REQUIRE(known.has_value());
    return parsed->contains(*known);
}

} // namespace

TEST_CASE("a version is three numbers and perhaps a prerelease") {
    const auto version = SemanticVersion::parse("1.20.3-beta.2");
    REQUIRE(version.has_value());
    CHECK(version->major == 1);
    CHECK(version->minor == 20);
    CHECK(version->patch == 3);
    CHECK(version->prerelease == "beta.2");
    CHECK(version->text() == "1.20.3-beta.2");
    CHECK(SemanticVersion::parse("0.0.0")->text() == "0.0.0");
    for (const char* text :
         {"",       "1",        "1.2",      "1.2.3.4",  "1.2.x",       "v1.2.3",         "01.2.3",
          "1.2.3-", "1.2.3-.a", "1.2.3-a.", "1.2.3-01", "1.2.3-a_b",   "1.2.-3",         "-1.2.3",
          " 1.2.3", "1.2.3 ",   "1..3",     "1.2.",     "1.2.3+build", "9999999999.0.0", "1.2.3-\xc3\xa4"}) {
        CAPTURE(text);
        CHECK_FALSE(SemanticVersion::parse(text).has_value());
    }
}

TEST_CASE("versions come in the order that semver.org says") {
    const std::vector<std::string> ordered{"0.9.9",       "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
                                           "1.0.0-beta",  "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
                                           "1.0.0",       "1.0.1",        "1.2.0",         "1.10.0",
                                           "2.0.0-alpha", "2.0.0"};
    for (std::size_t i = 0; i < ordered.size(); ++i) {
        for (std::size_t j = 0; j < ordered.size(); ++j) {
            CAPTURE(ordered[i]);
            CAPTURE(ordered[j]);
            CHECK((*SemanticVersion::parse(ordered[i]) <=> *SemanticVersion::parse(ordered[j])) == (i <=> j));
        }
    }
}

TEST_CASE("a caret allows what keeps the first number that is not zero") {
    CHECK(allows("^1", "1.0.0"));
    CHECK(allows("^1", "1.9.9"));
    CHECK_FALSE(allows("^1", "2.0.0"));
    CHECK_FALSE(allows("^1", "0.9.0"));
    CHECK(allows("^1.2", "1.2.0"));
    CHECK(allows("^1.2", "1.30.0"));
    CHECK_FALSE(allows("^1.2", "1.1.9"));
    CHECK_FALSE(allows("^1.2.3", "1.2.2"));
    CHECK(allows("^0.2.1", "0.2.9"));
    CHECK_FALSE(allows("^0.2.1", "0.3.0"));
    CHECK(allows("^0.0.3", "0.0.3"));
    CHECK_FALSE(allows("^0.0.3", "0.0.4"));
    CHECK(allows("^0.0", "0.0.9"));
    CHECK_FALSE(allows("^0.0", "0.1.0"));
    CHECK(allows("^0", "0.7.0"));
    CHECK_FALSE(allows("^0", "1.0.0"));
}

TEST_CASE("a tilde allows patches, or minors when only the major was said") {
    CHECK(allows("~1.2", "1.2.9"));
    CHECK(allows("~1.2.3", "1.2.3"));
    CHECK_FALSE(allows("~1.2.3", "1.2.2"));
    CHECK_FALSE(allows("~1.2", "1.3.0"));
    CHECK(allows("~1", "1.9.0"));
    CHECK_FALSE(allows("~1", "2.0.0"));
}

TEST_CASE("without an operator what is not said is free") {
    CHECK(allows("1.2.3", "1.2.3"));
    CHECK_FALSE(allows("1.2.3", "1.2.4"));
    CHECK(allows("=1.2.3", "1.2.3"));
    CHECK(allows("1.2", "1.2.7"));
    CHECK_FALSE(allows("1.2", "1.3.0"));
    CHECK(allows("1", "1.3.0"));
    CHECK_FALSE(allows("1", "2.0.0"));
    CHECK(allows("*", "0.0.1"));
}

TEST_CASE("comparisons hold, and several parts must all hold") {
    CHECK(allows(">=1.2", "1.2.0"));
    CHECK_FALSE(allows(">=1.2", "1.1.9"));
    CHECK(allows(">1.2", "1.3.0"));
    CHECK_FALSE(allows(">1.2", "1.2.9"));
    CHECK(allows(">1.2.3", "1.2.4"));
    CHECK_FALSE(allows(">1.2.3", "1.2.3"));
    CHECK(allows("<2", "1.9.9"));
    CHECK_FALSE(allows("<2", "2.0.0"));
    CHECK(allows("<=1.2", "1.2.9"));
    CHECK_FALSE(allows("<=1.2", "1.3.0"));
    CHECK(allows("<=1.2.3", "1.2.3"));
    CHECK_FALSE(allows("<=1.2.3", "1.2.4"));
    CHECK(allows(">=1.2 <3", "2.9.0"));
    CHECK_FALSE(allows(">=1.2 <3", "3.0.0"));
    CHECK_FALSE(allows(">=1.2  <3", "1.1.0"));
    CHECK_FALSE(allows("^1 ^2", "1.5.0"));
}

TEST_CASE("a prerelease only does for a range that names one of the same version") {
    CHECK_FALSE(allows("^1", "1.5.0-beta"));
    CHECK_FALSE(allows("*", "1.5.0-beta"));
    CHECK(allows("^1.5.0-beta", "1.5.0-beta.2"));
    CHECK(allows("^1.5.0-beta", "1.5.0"));
    CHECK_FALSE(allows("^1.5.0-beta", "1.5.0-alpha"));
    CHECK_FALSE(allows("^1.5.0-beta", "1.6.0-beta"));
    CHECK_FALSE(allows("^1.5.0", "2.0.0-alpha"));
}

TEST_CASE("what is no range is refused") {
    for (const char* text : {"", " ", "^", "^x", "1.2.3.4", "1.x", ">= 1", "=>1", "^1,^2", "^1||^2", "1 - 2", "latest",
                             "^^1", "~>1", "^1.2-beta"}) {
        CAPTURE(text);
        CHECK_FALSE(VersionRange::parse(text).has_value());
    }
}
