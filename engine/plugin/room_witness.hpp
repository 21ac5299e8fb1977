#pragma once

#include "core/time.hpp"
#include "plugin/plugin_set.hpp"
#include "room/motion.hpp"
#include "room/room.hpp"

#include <cstdint>
#include <optional>

namespace playhead {

// What a RuledRoom is told beside inputs.
enum class RoomStep : std::uint8_t { start, wake, restart, commit, collect_garbage, sleep };

// Whoever wants to repeat what a room did: hears of each call that can change it, before it is carried out, and of what
// time decided meanwhile. Everything else follows from these.
class RoomWitness {
  public:
    virtual ~RoomWitness() = default;
    virtual void saw(const Input& input, Tick tick, const Lead& lead) = 0;
    virtual void saw_advance(Tick tick, std::uint32_t missed, const Lead& lead) = 0;
    virtual void saw_reload(const PluginSet& plugins, Tick tick) = 0;
    virtual void saw(RoomStep step, std::optional<Tick> tick) = 0; // empty: it knows none
    // What the room's TimeAllowance said.
    virtual void saw_time(bool spent) = 0;
    virtual void saw_end(Microseconds took) = 0;
};

} // namespace playhead
