#pragma once

#include "playhead/api.hpp"
#include "replication/replica.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace playhead::client {

// From the entries of plugins to what an app reads: each field in the shape of its kind, as `@plugin` declares it.
std::map<std::string, PluginView, std::less<>> plugin_views(const Replica::SharedTables& shared);

// `roles` are the bits of a viewer's row. Every plugin's rule for the permission, or for what it is part of, must
// allow. [P4]
Permission permission_of(const Replica::SharedTables& shared, std::string_view permission, std::uint32_t roles);

} // namespace playhead::client
