#pragma once

#include "room/command.hpp"
#include "room/event.hpp"
#include "room/room.hpp"

#include <string_view>

namespace playhead {

// As schemas, plugins and tools call them: "superseded", "rate_changed", "kicked".
std::string_view name_of(Verdict verdict);
std::string_view name_of(EventKind kind);
std::string_view name_of(LeaveReason why);

} // namespace playhead
