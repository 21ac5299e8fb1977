#pragma once

#include "app/recording_folder.hpp"
#include "core/time.hpp"
#include "net/enet/host.hpp"
#include "net/http/server.hpp"
#include "plugin/plugin_set.hpp"
#include "session/settings.hpp"
#include "session/shard.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace playhead {

// What the config script says, checked, with defaults in place of what it leaves out. A value.
// Every key stands in one table (config.cpp, config_limits.cpp, config_rooms.cpp, config_tls.cpp), which is also what
// is printed and documented.
struct Config {
    http::Settings http;
    std::optional<enet::Settings> enet; // none: native clients come by WebSocket, too
    SessionSettings sessions;
    TickLength tick_length;
    std::optional<std::size_t> shards; // none: as many as this machine has processors
    bool io_uring = true;              // where the kernel allows it
    std::string log_level = "info";
    std::filesystem::path plugins_folder;
    std::shared_ptr<const PluginSet> plugins;   // of every room that does not say its own; null: none
    std::optional<RecordingSettings> recording; // none: no room can be recorded
    std::string admin_token;                    // whoever has it may administer the engine over HTTP; empty: nobody
    std::vector<RoomRequest> rooms;             // permanent ones
};

// One line for each mistake: it names the file, the key, what was expected and the nearest known key.
struct ConfigError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Runs the script, checks what it returns, and reads the plugins it names; relative paths become relative to the
// script's folder.
//   Errors: throws ConfigError.
Config load_config(const std::filesystem::path& script);

// The same for a script's text; `script` is only its name.
Config parse_config(std::string_view source, const std::filesystem::path& script);

// What --check prints: every setting with its value, as a script that would give the same.
std::string effective_config(const Config& config);

// Every key with what it may be, its default and what it is for, as tables in Markdown (scripts/README.md).
std::string config_reference();

} // namespace playhead
