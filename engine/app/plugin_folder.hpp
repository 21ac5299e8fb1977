#pragma once

#include "plugin/plugin_set.hpp"

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace playhead {

// Plugins as they lie on the disk: a folder of folders, each with plugin.lua, init.lua and perhaps test.lua.

inline constexpr std::string_view manifest_file = "plugin.lua";
inline constexpr std::string_view code_file = "init.lua";
inline constexpr std::string_view test_file = "test.lua";

// Reads one plugin's folder; its name is the plugin's.
//   Errors: names the file and what is wrong with it. A file that leads out of the folder is not followed.
std::expected<PluginSource, std::string> read_plugin_folder(const std::filesystem::path& folder);

// The plugin of that name in a folder of plugins. The name comes from a script: nothing that is not a plugin's name is
// looked for.
std::expected<PluginSource, std::string> find_plugin(const std::filesystem::path& plugins_folder,
                                                     std::string_view name);

// The names of all folders there that have a plugin.lua, in byte order.
std::vector<std::string> plugin_names(const std::filesystem::path& plugins_folder);

} // namespace playhead
