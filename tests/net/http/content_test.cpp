#include "net/http/content.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace playhead::http;

TEST_CASE("[H5] files have the type their extension says, in any case") {
    for (const auto& [path, type] : {
             std::pair<std::string, std::string>{"a.mp4", "video/mp4"},
             {"dir.mp4/a.M4S", "video/iso.segment"},
             {"a.m3u8", "application/vnd.apple.mpegurl"},
             {"a.mpd", "application/dash+xml"},
             {"a.ts", "video/mp2t"},
             {"a.webm", "video/webm"},
             {"a.mp3", "audio/mpeg"},
             {"a.m4a", "audio/mp4"},
             {"a.en.vtt", "text/vtt; charset=utf-8"},
             {"a.js", "text/javascript; charset=utf-8"},
             {"a.css", "text/css; charset=utf-8"},
             {"index.html", "text/html; charset=utf-8"},
             {"a.svg", "image/svg+xml"},
             {"a.png", "image/png"},
             {"a.woff2", "font/woff2"},
             {"a.json", "application/json"},
             {"a.wasm", "application/wasm"},
             {"a.exe", "application/octet-stream"},
             {"mp4", "application/octet-stream"},
             {"folder.mp4/a", "application/octet-stream"},
             {"a.", "application/octet-stream"},
         }) {
        CAPTURE(path);
        CHECK(content_type_of(path) == type);
    }
}

TEST_CASE("[H5] only what a bundler named by its content is kept for good") {
    CHECK(cache_control_of("assets/index-BsWqv3xY.js") == "public, max-age=31536000, immutable");
    CHECK(cache_control_of("assets/hls-a-_3x9Q2.js.map") == "public, max-age=31536000, immutable");
    for (const std::string path :
         {"index.html", "index-BsWqv3xY.js", "assets/index.js", "assets/service-register.js", "assets/-BsWqv3xY.js",
          "master.m3u8", "live.mpd", "demo-hls/720/3.m4s", "c.ts", "theme.js"}) {
        CAPTURE(path);
        CHECK(cache_control_of(path) == "no-cache");
    }
    // A seek back must not wait for the network.
    for (const std::string path : {"demo.mp4", "a.webm", "b.mp3"}) {
        CAPTURE(path);
        CHECK(cache_control_of(path) == "public, max-age=3600");
    }
}

TEST_CASE("[H5] pages carry a policy that lets the players in and keeps other scripts out") {
    const auto fields = page_policy("text/html; charset=utf-8");
    REQUIRE(fields.size() == 2);
    CHECK(fields[0].name == "Content-Security-Policy");
    for (const std::string part : {"default-src 'self';", "script-src 'self' https://www.youtube.com;", "media-src *",
                                   "frame-src https://www.youtube.com", "https://player.vimeo.com",
                                   "https://player.twitch.tv", "object-src 'none'", "frame-ancestors 'self'"}) {
        CAPTURE(part);
        CHECK(fields[0].value.find(part) != std::string::npos);
    }
    CHECK(fields[0].value.find("unsafe-eval") == std::string::npos);
    CHECK(fields[1] == Field{"Referrer-Policy", "strict-origin-when-cross-origin"});
    CHECK(page_policy("video/mp4").empty());
    CHECK_FALSE(page_policy("image/svg+xml").empty());
}
