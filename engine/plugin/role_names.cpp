#include "plugin/role_names.hpp"

#include "room/state.hpp"

#include <array>
#include <utility>

namespace playhead {
namespace {

struct NamedRole {
    std::string_view name;
    Role role;
};
constexpr std::array<NamedRole, 6> named_roles{{{"owner", Role::owner},
                                                {"moderator", Role::moderator},
                                                {"host", Role::host},
                                                {"cohost", Role::cohost},
                                                {"member", Role::member},
                                                {"muted", Role::muted}}};

} // namespace

std::optional<std::uint32_t> role_bit(std::string_view name) {
    for (const NamedRole& named : named_roles)
        if (named.name == name) return std::to_underlying(named.role);
    return std::nullopt;
}

std::vector<std::string> role_names(std::uint32_t roles) {
    std::vector<std::string> names;
    for (const NamedRole& named : named_roles)
        if ((roles & std::to_underlying(named.role)) != 0) names.emplace_back(named.name);
    return names;
}

Value roles_value(std::uint32_t roles) {
    Value::Map map;
    for (std::string& name : role_names(roles)) map.push_back({std::move(name), Value{true}});
    return sorted_map(std::move(map));
}

std::string_view all_role_names() { return "owner, moderator, host, cohost, member, muted"; }

} // namespace playhead
