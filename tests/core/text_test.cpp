#include "core/random.hpp"
#include "core/text.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace playhead;
using namespace std::string_literals;

TEST_CASE("what people write is kept as it is") {
    for (const std::string text :
         {"Ada", "Ada Lovelace", "J\xC3\xBCrgen", "\xE6\x97\xA5\xE6\x9C\xAC", "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D",
          "\xF0\x9F\x8E\xAC", "<b>bold</b> & \"quoted\""}) {
        CAPTURE(text);
        CHECK(clean_text(text, 32) == text);
    }
}

TEST_CASE("characters that are not seen or turn the text are removed") {
    struct Row {
        std::string dirty;
        std::string clean;
    };
    const Row rows[] = {
        {"a\0b"s, "ab"},                            // control
        {"a\r\n\tb\x7F", "ab"},                     //
        {"a\xC2\x85"s + "b", "ab"},                 // next line
        {"\xE2\x80\xAE"s + "abc", "abc"},           // right-to-left override
        {"a\xE2\x81\xA6"s + "b\xE2\x81\xA9", "ab"}, // isolates
        {"a\xE2\x80\x8B\xE2\x80\x8D"s + "b", "ab"}, // zero-width space and joiner
        {"\xEF\xBB\xBF"s + "a", "a"},               // byte order mark
        {"a\xE2\x80\xA8"s + "b\xE2\x80\xA9", "ab"}, // line and paragraph separators
        {"\xE3\x85\xA4", ""},                       // hangul filler
        {"\xEF\xBF\xBE"s + "a\xEF\xB7\x90", "a"},   // noncharacters
        {"\xF3\xA0\x81\xA1"s + "a", "a"},           // tag
        {"a\xFF"s + "b\xC3", "ab"},                 // malformed bytes
        {"\xD8\x9C"s + "a", "a"},                   // arabic letter mark
    };
    for (const Row& row : rows) {
        CAPTURE(row.dirty);
        CHECK(clean_text(row.dirty, 32) == row.clean);
    }
}

TEST_CASE("white space at the ends goes, between words it stays") {
    CHECK(clean_text("  Ada  Lovelace ", 32) == "Ada  Lovelace");
    CHECK(clean_text("\xE3\x80\x80 x \xC2\xA0", 32) == "x");
    CHECK(clean_text(" \xE2\x80\x8B ", 32).empty());
    CHECK(clean_text("", 32).empty());
}

TEST_CASE("length is counted in code points and what is cut leaves no space behind") {
    CHECK(clean_text("\xF0\x9F\x8E\xAC\xF0\x9F\x8E\xAC\xF0\x9F\x8E\xAC", 2) == "\xF0\x9F\x8E\xAC\xF0\x9F\x8E\xAC");
    CHECK(clean_text("abcdef", 3) == "abc");
    CHECK(clean_text("ab def", 3) == "ab");
    CHECK(clean_text("abc", 0).empty());
    CHECK(clean_text("\x01\x02\x03"s + "abc", 3) == "abc");
}

TEST_CASE("cut to bytes, text has no space at its end either, and cleaning it again changes nothing") {
    CHECK(clean_text_within("abc \xC3\xA4", 5) == "abc");
    CHECK(clean_text_within("abc\xC2\xA0\xC2\xA0x", 6) == "abc");
    CHECK(clean_text_within("\xC3\xA4\xC3\xA4", 3) == "\xC3\xA4");
}

TEST_CASE("on one line nothing ends it or moves a terminal's cursor, and the rest is as it was") {
    CHECK(one_line("a\nb\r\tc\x1B[2Jd\x7F"s) == "a\\nb\\x0d\\x09c\\x1b[2Jd\\x7f");
    CHECK(one_line("a\0b"s) == "a\\x00b");
    CHECK(one_line("\xC2\x9B"
                   "31m, J\xC3\xBCrgen, \xC2\xA0, \xC2") == "\\x9b31m, J\xC3\xBCrgen, \xC2\xA0, \xC2");
}

TEST_CASE("cleaning gives valid text and changes nothing the second time, whatever the bytes") {
    const std::uint32_t seed = 20'260'711;
    CAPTURE(seed);
    test::Random random(seed);
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (std::uint32_t length = random.below(24); length > 0; --length) {
            const std::uint32_t byte = random.one_in(4) ? random.below(0x100) : 0xE2 - random.below(0x62);
            text += static_cast<char>(byte);
        }
        CAPTURE(text);
        const std::string clean = clean_text(text, 8);
        REQUIRE(valid_utf8(clean));
        REQUIRE(clean_text(clean, 8) == clean);
    }
}
