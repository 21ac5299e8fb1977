#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace playhead {

struct ListenAddress {
    std::string host;
    std::uint16_t port = 0;
    bool operator==(const ListenAddress&) const = default;
};

// "127.0.0.1:8080", "localhost:0", "[::1]:8080".
std::expected<ListenAddress, std::string> parse_listen_address(std::string_view text);

// What the person who started the program wants of it.
struct CommandLine {
    enum class Mode { run, check, help, version };
    Mode mode = Mode::run;
    std::string config;
    std::optional<ListenAddress> listen; // instead of the config's
    bool operator==(const CommandLine&) const = default;
};

inline constexpr std::string_view usage = R"(usage: playhead CONFIG [--listen HOST:PORT]
       playhead --check CONFIG
       playhead --help | --version

Runs the engine as the Lua script CONFIG says (see scripts/demo.lua).

  --listen HOST:PORT  listens there instead; port 0 takes any free one
  --check             checks the script, prints what it comes to, runs nothing

Ends in order on SIGTERM or SIGINT. Exit codes: 0 all went well, 1 the environment is not fit (a port is taken, a
folder is missing), 2 the command line or the script is wrong.
)";

//   Errors: a sentence that says what is wrong.
std::expected<CommandLine, std::string> parse_command_line(std::span<const std::string_view> arguments);

} // namespace playhead
