#pragma once

#include "app/command_line.hpp"
#include "app/config.hpp"

#include <string>

namespace playhead {

inline constexpr int exit_ok = 0;
inline constexpr int exit_environment = 1; // or a test that failed
inline constexpr int exit_usage = 2;

// What a sub-command has to say, and the process's exit code.
struct Said {
    int exit_code = exit_ok;
    std::string out, err;
};

// The sub-commands for those who write and list plugins: plugins, new-plugin, annotations, test. Each reads and writes
// files and runs nothing that stays.
//   Errors: throw ConfigError for a config or plugin that is wrong; what else goes wrong is said.
Said run_plugin_command(const CommandLine& wanted);

// What `playhead plugins` prints: for each room's rules the plugins in the order in which they are asked, each with its
// version, code hash, on_fail, company and settings.
std::string plugin_listing(const Config& config, const std::string& script);

} // namespace playhead
