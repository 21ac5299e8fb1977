#include "mpv/life.hpp"
#include "mpv/options.hpp"
#include "mpv/screen.hpp"
#include "mpv/source.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <variant>
#include <vector>

namespace playhead::mpv::test {
namespace {

using client::MediaKind;
using client::MediaView;

constexpr std::string_view server = "http://host:8080";
constexpr std::string_view link = "http://host:8080/r/demo#j.demo.key";

MediaView media(MediaKind kind, std::string url) { return {.instance = 1, .kind = kind, .url = std::move(url)}; }

TEST_CASE("mpv opens addresses of the web, and nothing else that a room may say") {
    CHECK(address_of(media(MediaKind::file, "/media/demo.mp4"), server) == "http://host:8080/media/demo.mp4");
    CHECK(address_of(media(MediaKind::hls, "https://cdn.example/a.m3u8"), server) == "https://cdn.example/a.m3u8");
    CHECK(address_of(media(MediaKind::file, "HTTPS://cdn.example/a.mp4"), server) == "HTTPS://cdn.example/a.mp4");
    CHECK(address_of(media(MediaKind::youtube, "aqz-KE-bpKQ"), server) ==
          "https://www.youtube.com/watch?v=aqz-KE-bpKQ");
    CHECK(address_of(media(MediaKind::youtube, "https://youtu.be/aqz-KE-bpKQ"), server) ==
          "https://youtu.be/aqz-KE-bpKQ");
    CHECK(address_of(media(MediaKind::vimeo, "76979871"), server) == "https://vimeo.com/76979871");
    for (const std::string_view bad :
         {"file:///etc/passwd", "/etc/passwd\nhttp://x", "av://lavfi:testsrc", "memory://x", "edl://x", "--script=x",
          "", "smb://host/x", "http://", "http://host/a b", "appending://x", "lavf://concat:x"}) {
        CAPTURE(bad);
        const auto address = address_of(media(MediaKind::file, std::string{bad}), "");
        REQUIRE_FALSE(address.has_value());
        CHECK(address.error().contains("no address of http"));
        CHECK_FALSE(address.error().contains('\n'));
    }
}

TEST_CASE("what mpv cannot play is told with its reason, and with what services need") {
    CHECK(failure_words(media(MediaKind::file, "x"), "unrecognized file format").contains("unrecognized file format"));
    CHECK_FALSE(failure_words(media(MediaKind::file, "x"), "why").contains("yt-dlp"));
    CHECK(failure_words(media(MediaKind::youtube, "x"), "why").contains("yt-dlp"));
}

TEST_CASE("an own copy is told to differ when it does") {
    CHECK(difference_words({5'400'000, 700}, {5'400'000, 700}).empty());
    CHECK(difference_words({5'400'000, {}}, {5'400'600, {}}).empty());
    CHECK(difference_words({}, {}).empty());
    CHECK(difference_words({{}, 700}, {5'400'000, {}}).empty());
    const std::string longer = difference_words({5'520'000, {}}, {5'400'000, {}});
    CHECK(longer.contains("1:32:00"));
    CHECK(longer.contains("1:30:00"));
    CHECK(difference_words({5'400'000, 700}, {5'400'000, 900}).contains("another file"));
    CHECK(difference_words({5'400'000, 700}, {{}, 900}).contains("another file"));
    // The same file is the same film, whatever its container says of its length.
    CHECK(difference_words({5'520'000, 700}, {5'400'000, 700}).empty());
}

TEST_CASE("an own copy has to be a file") {
    CHECK(own_copy_at("tests/native/mpv_bridge_test.cpp")->bytes > 1'000);
    CHECK(own_copy_at("tests/native/no_such_film.mkv").error().contains("no file"));
    CHECK(own_copy_at("tests/native").error().contains("folder"));
}

TEST_CASE("the screen shows the last lines together, each for its time") {
    Screen screen;
    CHECK_FALSE(screen.show(0).has_value());
    screen.say("Ann joined", 1'000);
    CHECK(screen.show(1'000) == Screen::Text{"Ann joined", Screen::line_ms});
    CHECK_FALSE(screen.show(1'100).has_value());
    screen.say("Ann paused", 3'000);
    CHECK(screen.show(3'000) == Screen::Text{"Ann joined\nAnn paused", Screen::line_ms});
    screen.say("Ben joined", 7'000);
    CHECK(screen.show(7'000) == Screen::Text{"Ann paused\nBen joined", Screen::line_ms});
    screen.say("Ben joined", 7'500);
    CHECK(screen.show(7'500) == Screen::Text{"Ann paused\nBen joined", Screen::line_ms});
    for (int line = 0; line < 100; ++line) screen.say("line " + std::to_string(line), 8'000);
    const std::string shown = screen.show(8'000)->text;
    CHECK(std::ranges::count(shown, '\n') == Screen::lines_max - 1);
    CHECK(shown.ends_with("line 99"));
}

TEST_CASE("what stays on the screen is renewed before it fades, and cleared when it is over") {
    Screen screen;
    screen.keep("Waiting for Ann", 0);
    const auto first = screen.show(0);
    REQUIRE(first.has_value());
    CHECK(first->for_ms > Screen::renew_ms);
    CHECK_FALSE(screen.show(Screen::renew_ms - 1).has_value());
    CHECK(screen.next_ms() == Screen::renew_ms);
    CHECK(screen.show(Screen::renew_ms)->text == "Waiting for Ann");
    screen.say("Ben left", Screen::renew_ms + 100);
    CHECK(screen.show(Screen::renew_ms + 100)->text == "Waiting for Ann\nBen left");
    screen.keep("", Screen::renew_ms + Screen::line_ms + 200);
    CHECK(screen.show(Screen::renew_ms + Screen::line_ms + 200)->text.empty());
    CHECK_FALSE(screen.show(100'000).has_value());
}

TEST_CASE("mpv is started again a few times in a minute and no more") {
    Restarts restarts;
    double now_ms = 1'000;
    for (std::size_t each = 0; each < Restarts::restarts_max; ++each) CHECK(restarts.allow(now_ms += 1'000));
    CHECK_FALSE(restarts.allow(now_ms + 1'000));
    CHECK(restarts.allow(now_ms + Restarts::window_ms));
}

TEST_CASE("an mpv that cannot be started or found is told with what to do") {
    Life no_program{{.start = {.program = "no-such-mpv"}, .attach_to = {}}};
    const auto started = no_program.begin(0);
    REQUIRE_FALSE(started.has_value());
    CHECK(started.error().contains("no-such-mpv"));
    CHECK(started.error().contains("--mpv"));
    Life no_socket{{.start = {}, .attach_to = "/nowhere/socket"}};
    const auto attached = no_socket.begin(0);
    REQUIRE_FALSE(attached.has_value());
    CHECK(attached.error().contains("/nowhere/socket"));
    CHECK(attached.error().contains("--input-ipc-server"));
    Life too_long{{.start = {}, .attach_to = std::string(500, 'x')}};
    CHECK(too_long.begin(0).error().contains("bytes"));
}

// Somebody else's program on the socket where mpv is expected.
class Impostor {
  public:
    Impostor() : path_(folder_.socket()), listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(listener_ >= 0);
        REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(listener_, 8) == 0);
    }
    ~Impostor() { ::close(listener_); }
    Impostor(const Impostor&) = delete;
    Impostor& operator=(const Impostor&) = delete;
    const std::string& path() const { return path_; }
    // To whoever has connected last.
    void say(std::string_view text) const {
        const int caller = ::accept(listener_, nullptr, nullptr);
        REQUIRE(caller >= 0);
        CHECK(::write(caller, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        ::close(caller);
    }

  private:
    SocketFolder folder_;
    std::string path_;
    int listener_;
};

TEST_CASE("a socket that talks garbage is told, tried again a few times, and given up") {
    const Impostor impostor;
    Life life{{.start = {}, .attach_to = impostor.path()}};
    double now_ms = 1'000;
    REQUIRE(life.begin(now_ms));
    for (std::size_t round = 0;; ++round) {
        auto news = life.poll(now_ms += 100);
        REQUIRE(news.size() == 1);
        CHECK(std::holds_alternative<Life::Here>(news[0]));
        impostor.say("220 mail.example ESMTP\r\n");
        CHECK(life.take().empty());
        news = life.poll(now_ms += 100);
        REQUIRE(news.size() == 1);
        if (round < Restarts::restarts_max) {
            REQUIRE(std::holds_alternative<Life::Restarted>(news[0]));
            CHECK(std::get<Life::Restarted>(news[0]).why.contains("220 mail.example"));
            continue;
        }
        REQUIRE(std::holds_alternative<Life::Over>(news[0]));
        CHECK_FALSE(std::get<Life::Over>(news[0]).wanted);
        CHECK(std::get<Life::Over>(news[0]).why.contains("cannot be read"));
        break;
    }
    CHECK(life.poll(now_ms + 100).empty());
}

TEST_CASE("a silent mpv is asked for a sign of life, told to be silent, and given up as hung") {
    const Impostor impostor;
    Life life{{.start = {}, .attach_to = impostor.path()}};
    double now_ms = 1'000;
    REQUIRE(life.begin(now_ms));
    REQUIRE(life.poll(now_ms).size() == 1);
    const double since_ms = now_ms;
    std::vector<double> silent_at_ms;
    std::vector<double> gone_at_ms;
    while (gone_at_ms.empty() && now_ms < since_ms + 60'000) {
        now_ms += 100;
        for (const Life::News& news : life.poll(now_ms)) {
            if (std::holds_alternative<Life::Silent>(news)) silent_at_ms.push_back(now_ms - since_ms);
            if (std::holds_alternative<Life::Restarted>(news)) gone_at_ms.push_back(now_ms - since_ms);
        }
    }
    CHECK(silent_at_ms == std::vector<double>{Life::silent_after_ms});
    CHECK(gone_at_ms == std::vector<double>{Life::hung_after_ms});
}

TEST_CASE("mpv is started idle and stopped, without a screen only where it is asked for") {
    const auto has = [](const std::vector<std::string>& line, std::string_view option) {
        return std::ranges::find(line, option) != line.end();
    };
    const auto shown =
        command_line({.program = "mpv", .socket = "/run/s", .headless = false, .options = {"--volume=50"}});
    CHECK(shown.front() == "mpv");
    CHECK(has(shown, "--input-ipc-server=/run/s"));
    CHECK(has(shown, "--idle=yes"));
    CHECK(has(shown, "--pause"));
    CHECK(has(shown, "--force-window=yes"));
    CHECK(shown.back() == "--volume=50");
    const auto headless = command_line({.program = "mpv", .socket = "/run/s", .headless = true, .options = {}});
    CHECK(has(headless, "--vo=null"));
    CHECK(has(headless, "--ao=null"));
    CHECK_FALSE(has(headless, "--force-window=yes"));
}

std::expected<Options, std::string> parsed(std::vector<std::string_view> words) { return parse_options(words); }

TEST_CASE("playhead-mpv takes a link, perhaps a file, and options in any order") {
    const auto options = parsed({"--headless", link, "--name", "Ann", "film.mkv", "--transport", "enet", "--offset",
                                 "-40", "--mpv-option", "--volume=50", "--json"});
    REQUIRE(options.has_value());
    CHECK(options->link == client::Link{"http://host:8080", "demo", "j.demo.key"});
    CHECK(options->file == "film.mkv");
    CHECK(options->name == "Ann");
    CHECK(options->transport == client::Transport::enet);
    CHECK(options->source_offset_ms == -40);
    CHECK(options->mpv_options == std::vector<std::string>{"--volume=50"});
    CHECK(options->headless);
    CHECK(options->json);
    CHECK(parsed({link, "--", "-odd-name.mkv"})->file == "-odd-name.mkv");
    CHECK(parsed({"--help"})->help);
}

TEST_CASE("a wrong command line of playhead-mpv is refused with what is wrong") {
    struct Case {
        std::vector<std::string_view> words;
        std::string_view why;
    };
    const std::vector<Case> cases{
        {{}, "which LINK"},
        {{"film.mkv"}, "link"},
        {{"http://host:8080/"}, "link"},
        {{link, "a.mkv", "b.mkv"}, "one too many"},
        {{link, "--loud"}, "no option '--loud'"},
        {{link, "--name"}, "needs a value"},
        {{link, "--transport"}, "needs a value"},
        {{link, "--transport", "pigeon"}, "no transport"},
        {{link, "--offset", "soon"}, "no offset"},
        {{link, "--offset", "1e9"}, "no offset"},
        {{link, "--mpv-option", "volume=50"}, "--volume=50"},
        {{link, "--ipc-socket", "/run/s", "--headless"}, "attaches"},
    };
    for (const Case& one : cases) {
        const auto options = parsed(one.words);
        CAPTURE(one.why);
        REQUIRE_FALSE(options.has_value());
        CAPTURE(options.error());
        CHECK(options.error().contains(one.why));
        CHECK_FALSE(options.error().contains("j.demo.key"));
    }
}

} // namespace
} // namespace playhead::mpv::test
