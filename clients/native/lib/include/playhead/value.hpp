#pragma once

#include "core/value.hpp"

// What plugins keep, tell and are told: plain data that describes itself. The engine's own type.
namespace playhead::client {

using Value = playhead::Value;
using playhead::canonical;
using playhead::sorted_map;

} // namespace playhead::client
