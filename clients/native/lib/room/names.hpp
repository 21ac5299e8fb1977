#pragma once

#include "playhead/api.hpp"

#include <cstdint>
#include <string_view>

namespace playhead::client {

// The wire's codes as those of this library. One that is not known yet is a refusal all the same: `internal`.
ErrorCode code_of(std::uint16_t wire);
// By its name, as the HTTP API says it; `internal` if there is none.
ErrorCode code_named(std::string_view name);

} // namespace playhead::client
