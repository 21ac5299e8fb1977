#pragma once

#include "plugin/plugin_set.hpp"

#include <string_view>

namespace playhead {

// The texts of a small plugin that works and passes its tests, with comments that say what each part is for: what
// `playhead new-plugin` writes. `name` is a plugin's name (is_plugin_name).
PluginSource new_plugin(std::string_view name);

} // namespace playhead
