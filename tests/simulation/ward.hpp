#pragma once

#include "plugin/plugin_set.hpp"

#include <memory>
#include <string>

namespace playhead::simulation {

// A plugin that does a little of everything a plugin may: shared state of every kind at two levels, denials, timers,
// roles, kicks, signals, events and failures. `version` is its version: any two of them read each other's state.
std::shared_ptr<const PluginSet> ward(const std::string& version = "1.0.0");

// With it the plugin `ready` as it ships, which has the room wait for those whose player stalls, for so long at most.
inline constexpr int wait_s_max = 5;
std::shared_ptr<const PluginSet> ward_that_waits(const std::string& version = "1.0.0");

} // namespace playhead::simulation
