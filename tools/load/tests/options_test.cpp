#include "options.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <vector>

using namespace playhead::load;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view link = "http://127.0.0.1:8080/r/demo#j.demo.AAAAAAAAAAAAAAAAAAAAAA";

// Files that a test knows.
std::expected<std::string, std::string> read_file(const std::string& path) {
    const std::string server = "http://127.0.0.1:8080/r/";
    const std::string secret = ".AAAAAAAAAAAAAAAAAAAAAA";
    if (path == "two.txt") return server + "one#j.one" + secret + "\n\n" + server + "two#j.two" + secret + "\n";
    if (path == "apart.txt") return server + "one#j.one" + secret + "\nhttp://127.0.0.1:9/r/two#j.two" + secret;
    if (path == "wrong.txt") return server + "one#j.one" + secret + "\nsomething else\n";
    if (path == "empty.txt") return "\n";
    return std::unexpected("cannot read " + path);
}

auto parse(std::initializer_list<std::string_view> arguments) {
    return parse_options({arguments.begin(), arguments.size()}, read_file);
}

void refuses(std::initializer_list<std::string_view> arguments, std::string_view words) {
    const auto options = parse(arguments);
    REQUIRE_FALSE(options.has_value());
    CAPTURE(options.error());
    CHECK(options.error().find(words) != std::string::npos);
    CHECK(options.error().find("AAAA") == std::string::npos); // tokens are secrets
}

} // namespace

TEST_CASE("a room's link is all that has to be said") {
    const auto options = parse({"--room", link});
    REQUIRE(options.has_value());
    CHECK(options->dialect == Dialect::playhead);
    CHECK(options->host == "127.0.0.1");
    CHECK(options->port == 8080);
    REQUIRE(options->rooms.size() == 1);
    CHECK(options->rooms[0] == RoomLink{"demo", "j.demo.AAAAAAAAAAAAAAAAAAAAAA"});
    CHECK(options->viewers == 100);
    CHECK(options->processes == 1);
    CHECK(options->mix == Mix{});
}

TEST_CASE("everything can be said") {
    const auto options = parse(
        {"--room",         link,    "--viewers",        "40000",  "--processes",  "4",    "--seconds", "30",
         "--join-seconds", "60",    "--connects-per-s", "500",    "--at-once",    "5000", "--mix",     "watch=9,seek=1",
         "--every-ms",     "200",   "--slow",           "5:1024", "--never-read", "3",    "--silent",  "--server-pid",
         "4711",           "--svg", "load.svg"});
    REQUIRE(options.has_value());
    CHECK(options->viewers == 40'000);
    CHECK(options->processes == 4);
    CHECK(options->time == 30s);
    CHECK(options->join_time == 60s);
    CHECK(options->connects_per_s == 500);
    CHECK(options->at_once == 5000);
    CHECK(options->mix == parse_mix("watch=9,seek=1"));
    CHECK(options->every == 200ms);
    CHECK(options->slow == 5);
    CHECK(options->slow_bytes_per_s == 1024);
    CHECK(options->never_read == 3);
    CHECK(options->silent);
    CHECK_FALSE(options->commands);
    CHECK(options->server_pid == 4711);
    CHECK(options->svg == "load.svg");
}

TEST_CASE("viewers take as few processes as will do") {
    CHECK(parse({"--room", link, "--viewers", "19000"})->processes == 1);
    CHECK(parse({"--room", link, "--viewers", "19001"})->processes == 2);
    CHECK(parse({"--room", link, "--viewers", "200000"})->processes == 11);
    refuses({"--room", link, "--viewers", "19001", "--processes", "1"}, "do not fit into 1 processes");
    refuses({"--room", link, "--viewers", "3", "--processes", "4"}, "more --processes than --viewers");
}

TEST_CASE("a file may name many rooms of one server") {
    const auto options = parse({"--rooms", "two.txt", "--viewers", "5"});
    REQUIRE(options.has_value());
    CHECK(options->port == 8080);
    REQUIRE(options->rooms.size() == 2);
    CHECK(options->rooms[0].room == "one");
    CHECK(options->rooms[1] == RoomLink{"two", "j.two.AAAAAAAAAAAAAAAAAAAAAA"});
    refuses({"--rooms", "two.txt", "--viewers", "1"}, "2 rooms for 1 --viewers");
    refuses({"--rooms", "none.txt"}, "cannot read none.txt");
    refuses({"--rooms", "empty.txt"}, "no link in empty.txt");
    refuses({"--rooms", "wrong.txt"}, "wrong.txt line 2: it does not begin with");
    refuses({"--rooms", "apart.txt"}, "apart.txt line 2 is a room of another server");
    refuses({"--rooms"}, "--rooms needs a value");
}

TEST_CASE("viewers fill one room after the other, as many in each") {
    Options options;
    options.rooms.resize(4);
    options.viewers = 8;
    std::vector<std::size_t> rooms;
    rooms.reserve(8);
    for (std::uint32_t viewer = 0; viewer < 8; ++viewer) rooms.push_back(room_of(options, viewer));
    CHECK(rooms == std::vector<std::size_t>{0, 0, 1, 1, 2, 2, 3, 3});

    options.rooms.resize(3);
    options.viewers = 200'000;
    std::vector<std::size_t> counts(3);
    for (std::uint32_t viewer = 0; viewer < options.viewers; ++viewer) ++counts[room_of(options, viewer)];
    CHECK(counts == std::vector<std::size_t>{66'667, 66'667, 66'666});
}

TEST_CASE("a server of a benchmark is named by its address") {
    const auto options = parse({"--raw", "socketio", "--to", "localhost:9000", "--commands"});
    REQUIRE(options.has_value());
    CHECK(options->dialect == Dialect::socketio);
    CHECK(options->host == "localhost");
    CHECK(options->port == 9000);
    CHECK(options->commands);
    refuses({"--raw", "udp", "--to", "localhost:9000"}, "expected tcp, ws or socketio");
    refuses({"--raw", "ws", "--to", "localhost:9000"}, "without --commands");
    refuses({"--raw", "ws", "--commands"}, "nobody is named");
    refuses({"--raw", "ws", "--to", "localhost", "--commands"}, "expected HOST:PORT");
    refuses({"--raw", "ws", "--to", "localhost:0", "--commands"}, "from 1 to 65535");
    refuses({"--raw", "ws", "--room", link, "--commands"}, "exclude each other");
    refuses({"--to", "localhost:9000"}, "--to is for --raw");
}

TEST_CASE("viewers come over WebSocket unless ENet is said") {
    CHECK(parse({"--room", link})->transport == Transport::websocket);
    CHECK(parse({"--room", link, "--transport", "websocket"})->transport == Transport::websocket);
    CHECK(parse({"--room", link, "--transport", "enet"})->transport == Transport::enet);
    refuses({"--room", link, "--transport", "quic"}, "--transport is 'quic'; expected websocket, enet or loopback");
    refuses({"--room", link, "--transport", "enet", "--slow", "5:100"}, "nobody else waits for who does not read");
    refuses({"--room", link, "--transport", "enet", "--never-read", "5"}, "nobody else waits for who does not read");
    refuses({"--raw", "ws", "--to", "localhost:9000", "--commands", "--transport", "enet"},
            "--transport is for engines");
}

TEST_CASE("loopback brings an engine of its own") {
    const auto options = parse({"--transport", "loopback", "--viewers", "50000", "--mix", "watch=9,seek=1"});
    REQUIRE(options.has_value());
    CHECK(options->transport == Transport::loopback);
    CHECK(options->processes == 1);
    CHECK(options->rooms.size() == 1);
    refuses({"--transport", "loopback", "--room", link}, "expected no --room");
    refuses({"--transport", "loopback", "--processes", "2"}, "expected no --processes");
    refuses({"--transport", "loopback", "--server-pid", "1"}, "has no server process");
    refuses({"--transport", "loopback", "--mix", "chat=1"}, "--mix chat is for a plugin");
    refuses({"--transport", "loopback", "--slow", "1:1"}, "are for WebSocket");
    refuses({"--transport", "loopback", "--raw", "ws", "--commands"}, "--transport is for engines");
}

TEST_CASE("players are some of the viewers, spread evenly") {
    const auto options = parse({"--room", link, "--viewers", "10", "--players", "3"});
    REQUIRE(options.has_value());
    std::vector<std::uint32_t> who;
    for (std::uint32_t viewer = 0; viewer < 10; ++viewer) {
        const auto player = player_of(*options, viewer);
        if (!player) continue;
        CHECK(*player == who.size());
        who.push_back(viewer);
    }
    CHECK(who == std::vector<std::uint32_t>{0, 3, 6});
    const auto all = parse({"--room", link, "--viewers", "3", "--players", "3"});
    for (std::uint32_t viewer = 0; viewer < 3; ++viewer) CHECK(player_of(*all, viewer) == viewer);
    CHECK_FALSE(player_of(*parse({"--room", link}), 0).has_value());
    refuses({"--room", link, "--viewers", "3", "--players", "4"}, "more --players than --viewers");
    refuses({"--room", link, "--players", "3", "--silent"}, "--silent is without");
    refuses({"--raw", "ws", "--to", "localhost:9000", "--commands", "--players", "1"}, "--raw server has none");
}

TEST_CASE("a wrong option is named with what was expected") {
    refuses({}, "nobody is named");
    refuses({"--frobnicate", "1"}, "unknown option '--frobnicate'");
    refuses({"--frobnicate"}, "unknown option '--frobnicate'");
    refuses({"--room"}, "--room needs a value");
    refuses({"--room", "demo"}, "a link looks like");
    refuses({"--room", "https://127.0.0.1:8080/r/demo#j.demo.AAAAAAAAAAAAAAAAAAAAAA"}, "behind TLS");
    refuses({"--room", link, "--viewers", "0"}, "from 1 to 200000");
    refuses({"--room", link, "--viewers", "200001"}, "from 1 to 200000");
    refuses({"--room", link, "--seconds", "3601"}, "from 1 to 3600");
    refuses({"--room", link, "--seconds", "-1"}, "from 1 to 3600");
    refuses({"--room", link, "--seconds"}, "--seconds needs a value");
    refuses({"--room", link, "--at-once", "0"}, "from 1 to 19000");
    refuses({"--room", link, "--mix", "dance=1"}, "acts of");
    refuses({"--room", link, "--slow", "5"}, "N:BYTES_PER_S");
    refuses({"--room", link, "--slow", "0:5"}, "N:BYTES_PER_S");
    refuses({"--room", link, "--viewers", "10", "--slow", "5:100", "--never-read", "5"}, "leave nobody");
    refuses({"--room", link, "--server-pid", "x"}, "--server-pid is 'x'");
}

TEST_CASE("the help names every option that there is") {
    for (const auto option : {"--room",           "--rooms",   "--transport",  "--raw",      "--to",
                              "--viewers",        "--players", "--processes",  "--seconds",  "--join-seconds",
                              "--connects-per-s", "--at-once", "--mix",        "--every-ms", "--slow",
                              "--never-read",     "--silent",  "--server-pid", "--svg",      "--commands"})
        CHECK(usage.find(std::string("  ") + option) != std::string_view::npos);
}
