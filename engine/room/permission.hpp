#pragma once

#include "core/value.hpp"
#include "room/command.hpp"
#include "room/shared.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace playhead {

// What the replicated table of permissions says. Plugins write it, clients show it (a button disabled with its reason),
// and the room keeps to it before any plugin is asked. It binds viewers, not plugins and not the engine.

// The field of a plugin that holds its rules: key = the permission's name, value = {roles, except, reason}.
inline constexpr std::string_view permissions_field = "@permissions";

// Who may do something. A viewer may iff it has one of `roles` (Role::anyone stands for everybody) and none of
// `except`.
struct PermissionRule {
    static constexpr std::size_t reason_bytes_max = 200;
    std::uint32_t roles = 0;
    std::uint32_t except = 0;
    std::string reason; // for people: "only the host"
    bool operator==(const PermissionRule&) const = default;

    bool allows(std::uint32_t roles_of_viewer) const;
};

// A rule as it is replicated, and back.   Errors: empty for a value that is no rule; it binds nobody.
Value to_value(const PermissionRule& rule);
std::optional<PermissionRule> permission_rule(const Value& value);

struct PermissionDenial {
    std::string plugin;     // whose rule it is
    std::string permission; // the rule's name: the permission's own, or what it begins with
    std::string reason;
    bool operator==(const PermissionDenial&) const = default;
};

// Empty if a viewer with these roles may: every rule of every plugin named `permission`, or like a dotted start of it
// ("playback" for "playback.pause"), allows it. What no rule names is allowed. Of several denials the first plugin's by
// name, its shortest rule's.
std::optional<PermissionDenial> denied(const SharedState& shared, std::string_view permission, std::uint32_t roles);

// The permission that an action needs: "playback.pause" and so on; empty for what needs none here (a plugin's command
// names its own in the manifest).
std::string_view permission_of(const Action& action);

} // namespace playhead
