#pragma once

#include "core/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace playhead {

// Roles as scripts call them: "owner", "moderator", "host", "cohost", "member", "muted".

// The bit of a role; empty if there is none of that name. "anyone" is not a role.
std::optional<std::uint32_t> role_bit(std::string_view name);
// Of the bits that are set, in the order above.
std::vector<std::string> role_names(std::uint32_t roles);
// { moderator = true, ... }
Value roles_value(std::uint32_t roles);
// "owner, moderator, ...": for messages.
std::string_view all_role_names();

} // namespace playhead
