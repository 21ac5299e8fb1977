#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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
    enum class Mode { run, check, plugins, new_plugin, annotations, test, help, version };
    Mode mode = Mode::run;
    std::string config;                  // the script; for annotations perhaps a folder of plugins
    std::optional<ListenAddress> listen; // instead of the config's
    std::string name;                    // of the new plugin
    std::string folder;                  // where the new plugin or the annotations go; empty: where they usually do
    std::vector<std::string> plugins;    // folders of those to test
    bool operator==(const CommandLine&) const = default;
};

inline constexpr std::string_view usage = R"(usage: playhead CONFIG [--listen HOST:PORT]
       playhead --check CONFIG
       playhead plugins CONFIG
       playhead new-plugin NAME [FOLDER]
       playhead test PLUGIN_FOLDER...
       playhead annotations CONFIG|FOLDER [--out DIR]
       playhead --help | --version

Runs the engine as the Lua script CONFIG says (see scripts/demo.lua).

  --listen HOST:PORT  listens there instead; port 0 takes any free one
  --check             checks the script and its plugins, prints what they come to, runs nothing
  plugins             prints the plugins in the order in which they are asked, with their settings
  new-plugin          writes a small plugin to start from into FOLDER/NAME (plugins/NAME)
  test                runs the test.lua of each plugin, in virtual time
  annotations         writes what an editor with the Lua language server needs to complete the API and what the
                      plugins declare, for the plugins of CONFIG or those in FOLDER, into DIR (.luals beside them)

Ends in order on SIGTERM or SIGINT. Exit codes: 0 all went well, 1 the environment is not fit (a port is taken, a
folder is missing) or a test failed, 2 the command line, the script or a plugin is wrong.
)";

//   Errors: a sentence that says what is wrong.
std::expected<CommandLine, std::string> parse_command_line(std::span<const std::string_view> arguments);

} // namespace playhead
