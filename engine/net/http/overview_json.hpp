#pragma once

#include "net/http/server.hpp"
#include "session/overview.hpp"

#include <string>

namespace playhead::http {

// What the admin page shows, as JSON [H14].
std::string overview_json(const EngineOverview& engine, const RunFacts& facts, bool draining);

} // namespace playhead::http
