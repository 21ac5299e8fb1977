#pragma once

#include "core/histogram.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace playhead {

// What one hook of a plugin has cost, in all rooms of a shard.
struct HookFigure {
    std::uint64_t calls = 0;
    std::uint64_t errors = 0;
    std::uint64_t instructions = 0;
    std::uint64_t allocated_bytes = 0; // in Lua, whether or not given back
    Histogram time;                    // empty without a TimeAllowance: this layer has no clock

    HookFigure& operator+=(const HookFigure& other);
};

struct PluginFigure {
    static constexpr std::size_t hooks_max = 160; // kinds and names; what comes later counts as "other"

    // By kind and name: "decide playback.seek", "command say", "on join", "every 0.5 s", "timer over", "load".
    std::map<std::string, HookFigure, std::less<>> hooks;
    std::uint64_t suspensions_total = 0;
    // Gauges: rooms add to them and take off again.
    std::uint64_t rooms = 0;
    std::uint64_t suspended_rooms = 0;
    std::uint64_t memory_bytes = 0; // what it took up in Lua when it was loaded; its garbage is nobody's alone
    std::uint64_t state_bytes = 0;  // shared and saved, as quotas count them, as of the last change

    HookFigure& hook(std::string_view key);
    PluginFigure& operator+=(const PluginFigure& other);
};

// What the plugins of a shard's rooms have cost: plain numbers that copy; the metrics page asks for a copy by message.
//   Owner: the shard; it outlives the rooms, which keep references to entries. Entries are never erased.
struct PluginFigures {
    static constexpr std::size_t plugins_max = 256; // names and versions; what comes later counts as "other"

    std::map<std::string, PluginFigure, std::less<>> plugins; // by "chat@1.0.0"
    std::uint64_t lua_bytes = 0;                              // gauge: held by all Lua states
    std::uint64_t lua_states = 0;                             // gauge

    PluginFigure& plugin(std::string_view key);
    // Of several shards together.
    PluginFigures& operator+=(const PluginFigures& other);
};

} // namespace playhead
