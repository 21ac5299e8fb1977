#include "options.hpp"

#include <doctest/doctest.h>

#include <initializer_list>

using namespace playhead::impair;
using namespace std::chrono_literals;

namespace {
auto parse(std::initializer_list<std::string_view> arguments) {
    return parse_options({arguments.begin(), arguments.size()});
}

void refuses(std::initializer_list<std::string_view> arguments, std::string_view words) {
    const auto options = parse(arguments);
    REQUIRE_FALSE(options.has_value());
    CAPTURE(options.error());
    CHECK(options.error().find(words) != std::string::npos);
}
} // namespace

TEST_CASE("single options describe one link") {
    const auto options = parse({"--listen", "127.0.0.1:0", "--to", "127.0.0.1:8080", "--delay-ms", "80", "--jitter-ms",
                                "40.5", "--seed", "9", "--rate-kbps", "4000", "--stall", "5000+1000/10000"});
    REQUIRE(options.has_value());
    REQUIRE(options->links.size() == 1);
    CHECK(options->links[0] == LinkOptions{.listen = {"127.0.0.1", 0},
                                           .to = {"127.0.0.1", 8080},
                                           .delay = {80ms, 40500us},
                                           .delay_back = {80ms, 40500us},
                                           .rate_kbps = 4000,
                                           .stall = Stall{5s, 1s, 10s},
                                           .seed = 9});
    CHECK_FALSE(options->exit_with_parent);
}

TEST_CASE("links inherit what they do not say, and their seeds differ") {
    const auto options = parse({"--to", "[::1]:80", "--delay-ms", "70", "--jitter-ms", "40", "--exit-with-parent",
                                "--link", "listen=127.0.0.1:0", "--link", "listen=127.0.0.1:1,delay=120,seed=5"});
    REQUIRE(options.has_value());
    REQUIRE(options->links.size() == 2);
    CHECK(options->exit_with_parent);
    CHECK(options->links[0].to == Address{"::1", 80});
    CHECK(options->links[0].delay == Delay{70ms, 40ms});
    CHECK(options->links[1].delay == Delay{120ms, 40ms});
    CHECK(options->links[0].seed == 1);
    CHECK(options->links[1].seed == 5);
}

TEST_CASE("a wrong option is named with what was expected") {
    refuses({"--listen", "127.0.0.1:0"}, "no address to lead to");
    refuses({"--to", "127.0.0.1:80"}, "no listen address");
    refuses({"--listen", "127.0.0.1", "--to", "127.0.0.1:80"}, "--listen is '127.0.0.1'; expected ADDRESS:PORT");
    refuses({"--listen", "127.0.0.1:70000", "--to", "127.0.0.1:80"}, "65535");
    refuses({"--listen", "127.0.0.1:0", "--to", "127.0.0.1:0"}, "port 0");
    refuses({"--delay-ms", "-1"}, "milliseconds from 0");
    refuses({"--delay-ms", "nan"}, "milliseconds from 0");
    refuses({"--delay-ms", "60001"}, "milliseconds from 0 to 60000");
    refuses({"--delay-ms", "8x"}, "milliseconds");
    refuses({"--rate-kbps", "0"}, "from 1");
    refuses({"--stall", "5"}, "START+LENGTH");
    refuses({"--stall", "5+1000/1000"}, "EVERY greater than LENGTH");
    refuses({"--link", "listen"}, "key=value");
    refuses({"--link", "lost=1"}, "expected listen, to, protocol");
    refuses({"--sed", "1"}, "unknown option '--sed'");
    refuses({"--seed"}, "needs a value");
}

TEST_CASE("a UDP link has chances in percent and a way back of its own") {
    const auto options =
        parse({"--protocol", "udp", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:8081", "--delay-ms", "60",
               "--jitter-ms", "20", "--loss-percent", "1", "--link",
               "duplicate=0.5,reorder=100,back_delay=5,back_jitter=0", "--link", "protocol=tcp,loss=0"});
    REQUIRE(options.has_value());
    CHECK(options->links[0] ==
          LinkOptions{.listen = {"127.0.0.1", 0},
                      .to = {"127.0.0.1", 8081},
                      .protocol = Protocol::udp,
                      .delay = {60ms, 20ms},
                      .delay_back = {5ms, 0ms},
                      .faults = {.loss_ppm = 10'000, .duplicate_ppm = 5'000, .reorder_ppm = 1'000'000},
                      .rate_kbps = {},
                      .stall = {},
                      .seed = 1});
    CHECK(options->links[1].protocol == Protocol::tcp);
    CHECK(options->links[1].delay_back == Delay{60ms, 20ms});
    CHECK(options->links[1].faults == Faults{});
}

TEST_CASE("what cannot be lost or is no chance is refused") {
    refuses({"--listen", "127.0.0.1:0", "--to", "127.0.0.1:80", "--loss-percent", "1"}, "TCP, which loses");
    refuses({"--listen", "127.0.0.1:0", "--to", "127.0.0.1:80", "--link", "reorder=1"}, "expected protocol udp");
    refuses({"--loss-percent", "100.1"}, "a percentage from 0 to 100");
    refuses({"--duplicate-percent", "-1"}, "--duplicate-percent is '-1'");
    refuses({"--reorder-percent", "nan"}, "a percentage");
    refuses({"--link", "loss="}, "--link loss is ''");
    refuses({"--protocol", "sctp"}, "expected tcp or udp");
    refuses({"--listen", "127.0.0.1:0", "--to", "127.0.0.1:80", "--delay-ms", "9", "--jitter-ms", "9",
             "--back-delay-ms", "5"},
            "jitter of 9000 us, more than its delay of 5000 us");
}

TEST_CASE("jitter above the delay is refused, since clamping it would move the mean") {
    refuses({"--listen", "127.0.0.1:0", "--to", "127.0.0.1:80", "--delay-ms", "10", "--jitter-ms", "11"},
            "delays cannot be negative");
}

TEST_CASE("more links than the limit are refused") {
    std::vector<std::string_view> arguments{"--to", "127.0.0.1:80"};
    for (std::size_t i = 0; i <= links_max; ++i) arguments.insert(arguments.end(), {"--link", "listen=127.0.0.1:0"});
    CHECK_FALSE(parse_options(arguments).has_value());
    arguments.resize(arguments.size() - 2);
    CHECK(parse_options(arguments).has_value());
}
