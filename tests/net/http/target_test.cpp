#include "net/http/target.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using playhead::http::Request;
using playhead::http::segments_of;
using Segments = std::vector<std::string>;

TEST_CASE("[H2] a target is cut at its slashes and decoded once") {
    CHECK(segments_of("/") == Segments{});
    CHECK(segments_of("/?x=/a/b") == Segments{});
    CHECK(segments_of("/media/demo.mp4") == Segments{"media", "demo.mp4"});
    CHECK(segments_of("/media/a%20b%2Bc.mp4?t=1") == Segments{"media", "a b+c.mp4"});
    CHECK(segments_of("/r/demo/") == Segments{"r", "demo"});
    CHECK(segments_of("/media/%C3%BC%E2%82%AC%F0%9F%8E%AC.mp4") == Segments{"media", "ü€🎬.mp4"});
    CHECK(segments_of("/media/%252e%252e") == Segments{"media", "%2e%2e"});
    CHECK(segments_of("/media/..a") == Segments{"media", "..a"});
    CHECK(segments_of("/media/...") == Segments{"media", "..."});
}

TEST_CASE("[H2] the absolute form of a target names the same path") {
    CHECK(segments_of("http://example.org/r/demo?x") == Segments{"r", "demo"});
    CHECK(segments_of("HTTPS://example.org") == Segments{});
}

TEST_CASE("[H2] a path that could mean another place is refused as malformed") {
    for (const std::string target : {
             "",
             "*",
             "media/demo.mp4",
             "example.org:443",
             "/media/../secret",
             "/media/./demo.mp4",
             "/media/%2e%2e/secret",
             "/media/.%2E/secret",
             "/..",
             "/media/..%2f..%2fsecret",
             "/media/..\\secret",
             "/media/..%5csecret",
             "//etc/passwd",
             "/media//demo.mp4",
             "/media/a%00.mp4",
             "/media/a%0d%0aX: y",
             "/media/a%7f",
             "/media/%",
             "/media/%4",
             "/media/%zz",
             "/media/%-1",
             "/media/%c0%ae%c0%ae/secret",
             "/media/%c0%af",
             "/media/%ed%a0%80",
             "/media/%ff",
             "/r/demo#token",
         }) {
        CAPTURE(target);
        const auto segments = segments_of(target);
        REQUIRE_FALSE(segments.has_value());
        CHECK(segments.error().status == 400);
        CHECK(segments.error().code == "malformed");
    }
}

TEST_CASE("[H2] a target beyond the limit is refused as too long, one at the limit is not") {
    CHECK(segments_of("/" + std::string(Request::target_bytes_max - 1, 'a')).has_value());
    const auto segments = segments_of("/" + std::string(Request::target_bytes_max, 'a'));
    REQUIRE_FALSE(segments.has_value());
    CHECK(segments.error().status == 414);
}
