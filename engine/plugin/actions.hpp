#pragma once

#include "plugin/ruled_room.hpp"
#include "room/command.hpp"
#include "room/permission.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace playhead {

struct ChangeRoles {
    ViewerId viewer;
    std::uint32_t add = 0;
    std::uint32_t remove = 0;
};
struct Permit {
    std::string permission;
    std::optional<PermissionRule> rule; // none: lifts it
};

// What a hook has asked the room to do. Nothing happens while a hook runs: it is carried out later in the same tick,
// and is itself subject to decide.
struct QueuedAction {
    // What it causes may cause again, so many times over.
    static constexpr unsigned depth_max = 4;
    static constexpr std::size_t per_hook_max = 64;
    static constexpr std::size_t per_tick_max = 1024; // of a room

    std::string plugin;
    std::variant<Action, ChangeRoles, Permit, Kick, Ban, Unban> what;
    unsigned depth = 1; // how many actions led to it, itself included
    Tick due{};         // when it was asked for
};

} // namespace playhead
