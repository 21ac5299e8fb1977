#include "room/permission.hpp"

#include "room/state.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace playhead {
namespace {

std::optional<std::uint32_t> mask(const Value& rule, std::string_view name) {
    const Value* field = rule.find(name);
    const auto* number = field == nullptr ? nullptr : field->get_if<std::int64_t>();
    const bool fits = number != nullptr && *number >= 0 && *number <= std::numeric_limits<std::uint32_t>::max();
    return fits ? std::optional{static_cast<std::uint32_t>(*number)} : std::nullopt;
}

// What one plugin's rules say, the shortest first.
std::optional<PermissionDenial> denied_by(const std::string& plugin, const SharedTable& rules,
                                          std::string_view permission, std::uint32_t roles) {
    for (std::size_t end = 0; end < permission.size();) {
        end = std::min(permission.find('.', end + 1), permission.size());
        const std::string name{permission.substr(0, end)};
        const Value* value = rules.find(EntryKey{name});
        const auto rule = value == nullptr ? std::nullopt : permission_rule(*value);
        if (rule && !rule->allows(roles)) {
            return PermissionDenial{.plugin = plugin, .permission = name, .reason = rule->reason};
        }
    }
    return std::nullopt;
}

struct PermissionOf {
    std::string_view operator()(const Play&) const { return "playback.play"; }
    std::string_view operator()(const Pause&) const { return "playback.pause"; }
    std::string_view operator()(const Seek&) const { return "playback.seek"; }
    std::string_view operator()(const SetRate&) const { return "playback.rate"; }
    std::string_view operator()(const Load&) const { return "playback.load"; }
    std::string_view operator()(const SetName&) const { return {}; }
    std::string_view operator()(const PluginCommand&) const { return {}; }
};

} // namespace

bool PermissionRule::allows(std::uint32_t roles_of_viewer) const {
    const std::uint32_t anyone = std::to_underlying(Role::anyone);
    const std::uint32_t own = roles_of_viewer & ~anyone;
    return ((own | anyone) & roles) != 0 && (own & except) == 0;
}

Value to_value(const PermissionRule& rule) {
    return Value{Value::Map{{"except", Value{std::int64_t{rule.except}}},
                            {"reason", Value{rule.reason}},
                            {"roles", Value{std::int64_t{rule.roles}}}}};
}

std::optional<PermissionRule> permission_rule(const Value& value) {
    const auto roles = mask(value, "roles");
    const auto except = mask(value, "except");
    const Value* reason = value.find("reason");
    const auto* text = reason == nullptr ? nullptr : reason->get_if<std::string>();
    if (!roles || !except || text == nullptr) return std::nullopt;
    return PermissionRule{.roles = *roles, .except = *except, .reason = *text};
}

std::optional<PermissionDenial> denied(const SharedState& shared, std::string_view permission, std::uint32_t roles) {
    for (const auto& [name, rules] : shared.tables()) {
        if (name.field != permissions_field) continue;
        if (auto denial = denied_by(name.plugin, rules, permission, roles)) return denial;
    }
    return std::nullopt;
}

std::string_view permission_of(const Action& action) { return std::visit(PermissionOf{}, action); }

} // namespace playhead
