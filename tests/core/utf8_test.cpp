#include "core/utf8.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace playhead;
using namespace std::string_literals;

namespace {

std::string encoded(char32_t value) {
    const auto byte = [](char32_t bits) { return static_cast<char>(static_cast<unsigned char>(bits)); };
    if (value < 0x80) return {byte(value)};
    if (value < 0x800) return {byte(0xC0 | (value >> 6)), byte(0x80 | (value & 0x3F))};
    if (value < 0x10000) {
        return {byte(0xE0 | (value >> 12)), byte(0x80 | ((value >> 6) & 0x3F)), byte(0x80 | (value & 0x3F))};
    }
    return {byte(0xF0 | (value >> 18)), byte(0x80 | ((value >> 12) & 0x3F)), byte(0x80 | ((value >> 6) & 0x3F)),
            byte(0x80 | (value & 0x3F))};
}

} // namespace

TEST_CASE("every code point but the surrogates is read back from its encoding") {
    for (char32_t value = 0; value < 0x110000; ++value) {
        const std::string text = encoded(value);
        const auto point = first_code_point(text + "tail");
        const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
        if (surrogate ? point.has_value() : (!point || point->value != value || point->length != text.size())) {
            FAIL("code point " << static_cast<std::uint32_t>(value));
        }
    }
}

TEST_CASE("malformed UTF-8 is refused") {
    for (const std::string& text : {"\x80"s,
                                    "\xBF"s,
                                    "\xC0\x80"s,
                                    "\xC1\xBF"s,
                                    "\xC2"s,
                                    "\xC2\x41"s,
                                    "\xE0\x80\x80"s,
                                    "\xE0\x9F\xBF"s,
                                    "\xE2\x82"s,
                                    "\xED\xA0\x80"s,
                                    "\xED\xBF\xBF"s,
                                    "\xF0\x80\x80\x80"s,
                                    "\xF0\x8F\xBF\xBF"s,
                                    "\xF0\x9F\x98"s,
                                    "\xF4\x90\x80\x80"s,
                                    "\xF5\x80\x80\x80"s,
                                    "\xFE"s,
                                    "\xFF"s,
                                    "fine\xFF"s,
                                    "\xC3\xA9\xC3"s}) {
        CAPTURE(text);
        CHECK_FALSE(valid_utf8(text));
    }
    CHECK(valid_utf8(""));
    CHECK(valid_utf8("na\xC3\xAFve \xF0\x9F\x98\x80"));
    CHECK(valid_utf8("nul\0inside"s));
}

TEST_CASE("cutting text never cuts a code point") {
    const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
    const std::size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (std::size_t bytes_max = 0; bytes_max < std::size(ends); ++bytes_max) {
        CAPTURE(bytes_max);
        CHECK(cut_utf8(text, bytes_max) == text.substr(0, ends[bytes_max]));
    }
}
