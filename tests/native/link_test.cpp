#include "playhead/api.hpp"
#include "playhead/link.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace playhead::client;

TEST_CASE("a link says where the room is and how to get in") {
    CHECK(parse_link("http://localhost:8080/r/cinema#j.cinema.abc") ==
          Link{"http://localhost:8080", "cinema", "j.cinema.abc"});
    CHECK(parse_link("https://example.org/r/cinema#o.cinema.abc") ==
          Link{"https://example.org:443", "cinema", "o.cinema.abc"});
    CHECK(parse_link("HTTP://example.org/r/a-B_9/")->server == "http://example.org:80");
    CHECK(parse_link("http://[::1]:8080/r/cinema?x=1#t") == Link{"http://[::1]:8080", "cinema", "t"});
    CHECK(parse_link("http://h/r/cinema")->token.empty());
}

TEST_CASE("what is no link is refused, and told what one looks like") {
    for (const char* text : {"",
                             "cinema",
                             "ftp://h/r/c#t",
                             "http://",
                             "http:///r/c",
                             "http://h",
                             "http://h/",
                             "http://h/r/",
                             "http://h/c#t",
                             "http://h/r/a b#t",
                             "http://h/r/a%20b",
                             "http://h:0/r/c",
                             "http://h:99999/r/c",
                             "http://h:80x/r/c",
                             "http://h:/r/c",
                             "http://user@h/r/c",
                             "http://h\n/r/c",
                             "http://::1/r/c",
                             "http://[::1/r/c",
                             "http://h/r/c#\xff",
                             "javascript:alert(1)"}) {
        CAPTURE(text);
        const auto link = parse_link(text);
        REQUIRE_FALSE(link);
        CHECK(link.error().find("http") != std::string::npos);
    }
    CHECK_FALSE(parse_link("http://h/r/" + std::string(65, 'a')));
    CHECK_FALSE(parse_link("http://h/r/c#" + std::string(513, 'a')));
    CHECK_FALSE(parse_link("http://" + std::string(5'000, 'a') + "/r/c"));
}

TEST_CASE("a refusal does not repeat the secret") {
    const auto link = parse_link("gopher://h/r/cinema#j.cinema.SECRET");
    REQUIRE_FALSE(link);
    CHECK(link.error().find("SECRET") == std::string::npos);
}

TEST_CASE("an engine's own address ends behind the port") {
    CHECK(parse_server("http://localhost:8080/") == "http://localhost:8080");
    CHECK_FALSE(parse_server("http://localhost:8080/r/cinema"));
    CHECK_FALSE(parse_server("localhost:8080"));
}

TEST_CASE("media of the engine's server get its name") {
    CHECK(absolute_url("/media/film.mp4", "http://h:80") == "http://h:80/media/film.mp4");
    CHECK(absolute_url("https://cdn.example/film.mp4", "http://h:80") == "https://cdn.example/film.mp4");
}

TEST_CASE("what an address leads to is guessed as the web app does") {
    CHECK(media_kind_of("/media/film.mp4") == MediaKind::file);
    CHECK(media_kind_of("/media/live/index.M3U8?x=1") == MediaKind::hls);
    CHECK(media_kind_of("https://cdn.example/a.mpd#t") == MediaKind::dash);
    CHECK(media_kind_of("https://www.youtube.com/watch?v=x") == MediaKind::youtube);
    CHECK(media_kind_of("https://youtu.be/x") == MediaKind::youtube);
    CHECK(media_kind_of("https://vimeo.com/1") == MediaKind::vimeo);
    CHECK(media_kind_of("https://www.twitch.tv/x") == MediaKind::twitch);
    CHECK(media_kind_of("https://notyoutube.com/x") == MediaKind::file);
    CHECK(media_kind_of("https://evil.example/?youtube.com") == MediaKind::file);
    CHECK(media_kind_of("") == MediaKind::file);
}
