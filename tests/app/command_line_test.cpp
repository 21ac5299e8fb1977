#include "app/command_line.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace playhead;

namespace {

std::expected<CommandLine, std::string> parsed(std::vector<std::string_view> arguments) {
    return parse_command_line(arguments);
}

} // namespace

TEST_CASE("the program runs the one config it is given") {
    CHECK(parsed({"a.lua"}) == CommandLine{.mode = CommandLine::Mode::run, .config = "a.lua", .listen = {}});
    CHECK(parsed({"--check", "a.lua"}) ==
          CommandLine{.mode = CommandLine::Mode::check, .config = "a.lua", .listen = {}});
    CHECK(parsed({"a.lua", "--check"})->mode == CommandLine::Mode::check);
    CHECK(parsed({"a.lua", "--listen", "0.0.0.0:80"})->listen == ListenAddress{"0.0.0.0", 80});
    CHECK(parsed({"--help", "nonsense", "--too"})->mode == CommandLine::Mode::help);
    CHECK(parsed({"--version"})->mode == CommandLine::Mode::version);
}

TEST_CASE("sub-commands for plugins take their own words") {
    using Mode = CommandLine::Mode;
    CHECK(parsed({"plugins", "a.lua"}) == CommandLine{.mode = Mode::plugins, .config = "a.lua"});
    CHECK(parsed({"new-plugin", "applause"}) == CommandLine{.mode = Mode::new_plugin, .name = "applause"});
    CHECK(parsed({"new-plugin", "applause", "mine"}) ==
          CommandLine{.mode = Mode::new_plugin, .name = "applause", .folder = "mine"});
    CHECK(parsed({"test", "plugins/chat", "plugins/vote"}) ==
          CommandLine{.mode = Mode::test, .plugins = {"plugins/chat", "plugins/vote"}});
    CHECK(parsed({"annotations", "plugins"}) == CommandLine{.mode = Mode::annotations, .config = "plugins"});
    CHECK(parsed({"annotations", "a.lua", "--out", "stubs"}) ==
          CommandLine{.mode = Mode::annotations, .config = "a.lua", .folder = "stubs"});
    CHECK(parsed({"test", "--help"})->mode == Mode::help);
}

TEST_CASE("a command line that cannot be meant is refused with what is wrong about it") {
    for (const auto& [arguments, word] : std::vector<std::pair<std::vector<std::string_view>, std::string>>{
             {{}, "CONFIG"},
             {{"--check"}, "CONFIG"},
             {{"a.lua", "b.lua"}, "b.lua"},
             {{"a.lua", "--verbose"}, "--verbose"},
             {{"a.lua", "--listen"}, "HOST:PORT"},
             {{"a.lua", "--listen", "80"}, "HOST:PORT"},
             {{"plugins"}, "CONFIG"},
             {{"plugins", "a.lua", "b.lua"}, "b.lua"},
             {{"plugins", "--all", "a.lua"}, "--all"},
             {{"new-plugin"}, "NAME"},
             {{"new-plugin", "a", "b", "c"}, "'c'"},
             {{"test"}, "PLUGIN_FOLDER"},
             {{"test", "--out", "x"}, "--out"},
             {{"annotations"}, "CONFIG or FOLDER"},
             {{"annotations", "plugins", "--out"}, "--out needs"},
         }) {
        CAPTURE(word);
        const auto wanted = parsed(arguments);
        REQUIRE_FALSE(wanted.has_value());
        CHECK(wanted.error().find(word) != std::string::npos);
    }
}

TEST_CASE("an address to listen on is a host and a port") {
    CHECK(parse_listen_address("127.0.0.1:8080") == ListenAddress{"127.0.0.1", 8080});
    CHECK(parse_listen_address("localhost:0") == ListenAddress{"localhost", 0});
    CHECK(parse_listen_address("[::1]:65535") == ListenAddress{"::1", 65535});
    for (const std::string_view text : {"", ":", ":80", "host", "host:", "host:x", "host:65536", "host:-1", "host: 80",
                                        "::1:80", "[]:80", "host:80x", "host:0x50"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_listen_address(text).has_value());
    }
}
