#include "room/media.hpp"
#include "room/stage.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace playhead;
using namespace playhead::test;

namespace {
struct Address {
    MediaKind kind;
    std::string url;
};
} // namespace

TEST_CASE("[R5] media lies at a web address, at a path of this server, or is the id of a video") {
    for (const Address& address : {
             Address{MediaKind::file, "/media/demo.mp4"},
             Address{MediaKind::file, "/media/a%20b.mp4?t=1#x"},
             Address{MediaKind::file, "/media/..a/b..c/...mp4"},
             Address{MediaKind::file, "/"},
             Address{MediaKind::hls, "https://example.org/a/../b.m3u8"},
             Address{MediaKind::dash, "HTTP://example.org"},
             Address{MediaKind::file, "https://[::1]:8080/x.mp4"},
             Address{MediaKind::file, "https://example.org/\xE6\x97\xA5.mp4"},
             Address{MediaKind::youtube, "dQw4w9WgXcQ"},
             Address{MediaKind::youtube, "https://youtu.be/dQw4w9WgXcQ"},
             Address{MediaKind::vimeo, "76979871"},
             Address{MediaKind::twitch, "some_channel"},
         }) {
        CAPTURE(address.url);
        CHECK(checked(Load{.kind = address.kind, .url = address.url}).has_value());
    }
}

TEST_CASE("[R5] anything else is no address of media") {
    for (const Address& address : {
             Address{MediaKind::file, ""},
             Address{MediaKind::file, "media/demo.mp4"},
             Address{MediaKind::file, "//evil.example/x.mp4"},
             Address{MediaKind::file, "/\\evil.example/x.mp4"},
             Address{MediaKind::file, "/media/../../etc/passwd"},
             Address{MediaKind::file, "/.."},
             Address{MediaKind::file, "/media/%2e%2E/x"},
             Address{MediaKind::file, "/media/.%2e?x"},
             Address{MediaKind::file, "/./x"},
             Address{MediaKind::file, "javascript:alert(1)"},
             Address{MediaKind::file, "data:video/mp4;base64,AAAA"},
             Address{MediaKind::file, "file:///etc/passwd"},
             Address{MediaKind::file, "blob:https://example.org/1"},
             Address{MediaKind::file, "ftp://example.org/x"},
             Address{MediaKind::file, "https://"},
             Address{MediaKind::file, "https:///x"},
             Address{MediaKind::file, "https:/x"},
             Address{MediaKind::file, "https://?x"},
             Address{MediaKind::file, " https://example.org"},
             Address{MediaKind::file, "https://example.org/a b"},
             Address{MediaKind::file, "https://example.org/\n"},
             Address{MediaKind::file, "java\tscript:alert(1)"},
             Address{MediaKind::file, "/a\"onerror=\"x"},
             Address{MediaKind::file, "/<script>"},
             Address{MediaKind::file, std::string("/a\0b", 4)},
             Address{MediaKind::file, "/\xFF"},
             Address{MediaKind::file, "dQw4w9WgXcQ"},
             Address{MediaKind::youtube, "/media/demo.mp4"},
             Address{MediaKind::youtube, "../x"},
             Address{MediaKind::youtube, std::string(65, 'a')},
             Address{MediaKind::none, "/media/demo.mp4"},
             Address{static_cast<MediaKind>(7), "/media/demo.mp4"},
         }) {
        CAPTURE(address.url);
        const auto load = checked(Load{.kind = address.kind, .url = address.url});
        REQUIRE_FALSE(load);
        CHECK(load.error().code == ErrorCode::malformed);
        CHECK_FALSE(load.error().message.empty());
    }
}

TEST_CASE("[R5] an address has a length and a start has bounds") {
    const std::string longest = "/" + std::string(Load::url_bytes_max - 1, 'a');
    CHECK(checked(Load{.url = longest}).has_value());
    CHECK(checked(Load{.url = longest + "a"}).error().code == ErrorCode::too_large);
    for (const MediaTime start : {MediaTime{-1}, MediaTime::min(), time_max + 1us, MediaTime::max()}) {
        CHECK(checked(Load{.url = "/a", .start = start}).error().code == ErrorCode::out_of_range);
    }
    CHECK(checked(Load{.url = "/a", .start = time_max}).has_value());
}

TEST_CASE("[R5] a title is cleaned and cut, markup stays text") {
    const auto titled = [](std::string title) { return checked(Load{.url = "/a", .title = std::move(title)})->title; };
    CHECK(titled(" <img src=x onerror=alert(1)>\xE2\x80\xAE\n") == "<img src=x onerror=alert(1)>");
    std::string faces;
    for (int count = 0; count < 200; ++count) faces += "\xF0\x9F\x8E\xAC";
    CHECK(titled(faces).size() == 200);
    CHECK(titled("a" + faces).size() == 197);
}

TEST_CASE("[R5] a refused load leaves the media that is there") {
    Stage stage;
    stage.load();
    const RoomState before = stage.room.state();
    CHECK(stage.act(ada, Load{.url = "javascript:alert(1)"}).verdict == Verdict::refused);
    CHECK(stage.room.state().media == before.media);
    CHECK(stage.room.state().motion == before.motion);
    CHECK(stage.room.state().last_motion == before.last_motion);
}

TEST_CASE("[R9] viewers agree on the upper median of what they report") {
    struct Row {
        std::vector<MediaTime> reports;
        MediaTime agreed;
    };
    for (const Row& row :
         {Row{{}, 0s}, Row{{60s}, 60s}, Row{{1s, 60s}, 60s}, Row{{60s, 1s, 61s}, 60s}, Row{{168h, 60s, 60s}, 60s},
          Row{{1s, 1s, 60s, 60s}, 60s}, Row{{60'000'499us}, 60s}, Row{{60'000'501us}, 60'001ms}, Row{{1us}, 1ms}}) {
        CAPTURE(row.reports.size());
        CHECK(agreed_duration(row.reports) == row.agreed);
    }
}

TEST_CASE("[R9] the room learns the duration of its media at the end of the tick") {
    Stage stage;
    stage.load();
    CHECK(stage.room.state().media.value().duration == 0s);
    stage.report(ada, 60'000'123us);
    stage.step();
    CHECK(stage.room.state().media.value().duration == 60s);
}

TEST_CASE("[R9] players that differ by frames do not make the duration flicker") {
    Stage stage;
    stage.load(60s);
    stage.report(bob, 60'249ms);
    stage.step();
    CHECK(stage.room.state().media.value().duration == 60s);
    stage.report(bob, 60'250ms);
    stage.step();
    CHECK(stage.room.state().media.value().duration == 60'250ms);
}

TEST_CASE("[R9] reports that cannot be true, or are about other media, count for nothing") {
    Stage stage;
    stage.load();
    const MediaInstance first = stage.instance();
    for (const MediaTime duration : {0us, -1us, Microseconds::min(), Microseconds{168h} + 1us, Microseconds::max()}) {
        stage.report(ada, duration);
        stage.step();
        CHECK(stage.room.state().media.value().duration == 0s);
    }
    stage.report(ViewerId{9}, 60s);
    stage.report(engine, 60s);
    stage.load();
    stage.apply(DurationReport{.viewer = ada, .media = first, .duration = 60s});
    stage.step();
    CHECK(stage.room.state().media.value().duration == 0s);
}

TEST_CASE("[R9] a new load forgets the duration, and reports of the old media with it") {
    Stage stage;
    stage.load(60s);
    stage.load();
    stage.step();
    CHECK(stage.room.state().media.value().duration == 0s);
    stage.report(bob, 30s);
    stage.step();
    CHECK(stage.room.state().media.value().duration == 30s);
}

TEST_CASE("[R9] only those who are connected count, and what was known stays known") {
    Stage stage;
    stage.load();
    stage.report(ada, 60s);
    stage.report(bob, 90s);
    stage.step();
    CHECK(stage.room.state().media.value().duration == 90s);
    stage.apply(Disconnect{.viewer = bob});
    stage.step();
    CHECK(stage.room.state().media.value().duration == 60s);
    stage.apply(Reconnect{.viewer = bob});
    stage.step();
    CHECK(stage.room.state().media.value().duration == 90s);
    stage.apply(Leave{.viewer = bob});
    stage.apply(Leave{.viewer = ada});
    stage.step();
    CHECK(stage.room.state().media.value().duration == 90s);
}

TEST_CASE("[R9] saying the same again opens nothing") {
    Stage stage;
    stage.load(60s);
    CHECK_FALSE(stage.room.state().duration_open);
    stage.report(ada, 60s);
    CHECK_FALSE(stage.room.state().duration_open);
    stage.report(ada, 61s);
    CHECK(stage.room.state().duration_open);
}
