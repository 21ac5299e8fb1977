#pragma once

#include "plugin/manifest.hpp"

#include <string>
#include <string_view>

namespace playhead {

// What an editor with the Lua language server reads to complete a plugin's code: annotations of LuaLS in files that are
// Lua, but are never run.   Source: luals.github.io/wiki/annotations.

// The objects every plugin gets: P, rooms, viewers, shared fields, and what hooks are given.
std::string_view api_annotations();

// What one plugin declares: `---@type playhead.chat` above `local P = ...` makes P.shared.log complete, with the types
// of the manifest. `source` is how the file says where it comes from.
std::string annotations(const Manifest& manifest, std::string_view source);

} // namespace playhead
