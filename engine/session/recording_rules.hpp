#pragma once

#include "recording/recorder.hpp"

#include <cstddef>
#include <string>

namespace playhead {

// Which rooms of a shard are recorded, and where.
struct RecordingRules {
    recording::Store* store = nullptr; // outlives the shard; null: nothing is recorded
    std::string engine{};              // its version, for whoever replays
    bool all = false;                  // every room from its beginning; else those that are asked for
    bool left_out = false;             // names, and what people write
    // A recording goes on in another file then, for which the room's plugins start anew.
    std::size_t part_bytes_max = std::size_t{64} * 1024 * 1024;
};

} // namespace playhead
