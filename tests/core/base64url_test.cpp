#include "core/base64url.hpp"
#include "core/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace playhead;

namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span{text});
    return {bytes.begin(), bytes.end()};
}

} // namespace

TEST_CASE("base64url writes and reads the examples of RFC 4648, without padding") {
    for (const auto& [plain, text] : {std::pair<std::string, std::string>{"", ""},
                                      {"f", "Zg"},
                                      {"fo", "Zm8"},
                                      {"foo", "Zm9v"},
                                      {"foob", "Zm9vYg"},
                                      {"fooba", "Zm9vYmE"},
                                      {"foobar", "Zm9vYmFy"},
                                      {"\xfb\xff\xbf", "-_-_"}}) {
        CAPTURE(text);
        CHECK(to_base64url(bytes_of(plain)) == text);
        CHECK(from_base64url(text) == bytes_of(plain));
        CHECK(base64url_length(plain.size()) == text.size());
    }
}

TEST_CASE("base64url knows one text for the same bytes, and refuses every other") {
    for (const std::string text : {"Z", "Zg==", "Zh", "Zm9", "Zm8=", "Zm9vY", "Zm9v\n", " Zm9v", "Zm+v", "Zm/v", "Zm.v",
                                   "Zm9v\xc3\xa4", "Zm9vYg="}) {
        CAPTURE(text);
        CHECK_FALSE(from_base64url(text));
    }
    CHECK_FALSE(from_base64url(std::string_view{"Zm\0v", 4}));
    // Of all texts of three characters over a part of the alphabet no two mean the same.
    std::vector<std::vector<std::byte>> seen;
    const std::string some = "AB_-z09";
    for (const char a : some)
        for (const char b : some)
            for (const char c : some)
                if (const auto bytes = from_base64url(std::string{a, b, c})) {
                    CHECK(std::ranges::find(seen, *bytes) == seen.end());
                    seen.push_back(*bytes);
                    CHECK(to_base64url(*bytes) == std::string{a, b, c});
                }
    CHECK_FALSE(seen.empty());
}

TEST_CASE("base64url brings back any bytes") {
    test::Random random{20261128};
    for (std::size_t size = 0; size < 200; ++size) {
        std::vector<std::byte> bytes(size);
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.below(256));
        CAPTURE(size);
        CHECK(from_base64url(to_base64url(bytes)) == bytes);
    }
}
