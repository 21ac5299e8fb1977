#pragma once

#include "core/value.hpp"
#include "plugin/semver.hpp"
#include "plugin/type.hpp"
#include "room/shared.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace playhead {

// What a plugin declares about itself in plugin.lua: data, checked as a whole before any of its code runs. A value.
// The keys of plugin.lua are the members here; see plugins/README.md.

// What a plugin's decides and permission rules mean while it cannot be asked.
enum class OnFail : std::uint8_t { open, closed };

// What a plugin may make the room do, each a bit of Manifest::grants.
enum class Grant : std::uint8_t { playback, roles, kick, ban, commands, wall_time };

// How often one viewer may send something.
struct AskingRate {
    double per_s = 1;
    std::uint32_t burst = 1;
    bool operator==(const AskingRate&) const = default;
};

struct SettingSpec {
    Type type;
    std::optional<Value> fallback; // `default`; without one the operator has to say it, unless the type is optional
    std::string description;
    bool operator==(const SettingSpec&) const = default;
};

// One declared field of the shared (replicated) or saved state.
struct FieldSpec {
    enum class Kind : std::uint8_t { value, counter, map, set, list, ring };
    Kind kind = Kind::value;
    Type of;                         // what an entry holds; an integer in a counter, true in a set
    Type::Key key = Type::Key::text; // of a map or set
    std::size_t size = 1;            // entries at most
    Audience to = Audience::everyone;
    std::string description;
    bool operator==(const FieldSpec&) const = default;
};

// "value", "counter"...
std::string_view name_of(FieldSpec::Kind kind);
std::string_view name_of(Grant grant);
std::string_view name_of(OnFail on_fail);

struct CommandSpec {
    Type args; // a record
    std::optional<std::string> permission;
    std::optional<AskingRate> rate;
    std::string description;
    bool operator==(const CommandSpec&) const = default;
};

struct SignalSpec {
    Type args; // a record
    std::optional<AskingRate> rate;
    std::string description;
    bool operator==(const SignalSpec&) const = default;
};

struct EventSpec {
    Type of;
    bool lossy = false;
    Audience to = Audience::everyone;
    std::string description;
    bool operator==(const EventSpec&) const = default;
};

struct Manifest {
    // By name, in byte order; found by string_view.
    template <class Spec>
    using Named = std::map<std::string, Spec, std::less<>>;

    std::string name;
    SemanticVersion version;
    std::string description;
    Named<VersionRange> requires_; // `requires`
    std::vector<std::string> after, before;
    OnFail on_fail = OnFail::open;
    std::uint32_t grants = 0;
    std::size_t shared_bytes_max = 64 * 1024; // `shared_kib`: all entries of the shared state together
    std::size_t saved_bytes_max = 64 * 1024;  // `saved_kib`
    Named<SettingSpec> settings;
    Named<FieldSpec> shared, saved;
    Named<CommandSpec> commands;
    Named<SignalSpec> signals;
    Named<EventSpec> events;
    Named<std::string> permissions; // what each is for
    Named<Type> topics;             // of transform

    bool grants_use_of(Grant grant) const { return (grants >> static_cast<unsigned>(grant) & 1U) != 0; }
    bool operator==(const Manifest&) const = default;
};

// A manifest beside the settings it was read with: "@keep" in it stands for the number these have.
struct ConfiguredManifest {
    Manifest manifest;
    Value settings; // a map; complete: what the operator did not say is there by default
};

// Runs the text of a plugin.lua in an empty environment and checks what it returns, together with the operator's
// settings for it (a map, or an empty list; nil when nobody has configured it: then none has to be there).
//   Errors: every mistake at once, one a line: "plugins/chat/plugin.lua: shared.log.kind: expected one of ..., got
//           "rnig"; did you mean "ring"?". `manifest_name` and `settings_name` are how lines call the two, such as
//           "plugins/chat/plugin.lua" and "scripts/demo.lua: plugins.chat".
std::expected<ConfiguredManifest, std::vector<std::string>> read_manifest(std::string_view source,
                                                                          std::string_view manifest_name,
                                                                          const Value& settings = {},
                                                                          std::string_view settings_name = "settings");

// 1 to 32 of a-z 0-9 _ with a letter first: also a folder's name, and never a word of Lua.
bool is_plugin_name(std::string_view text);

// The permissions and transform topics the engine itself knows; everything else is declared by a plugin.
bool is_engine_permission(std::string_view name);

} // namespace playhead
