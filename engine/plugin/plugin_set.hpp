#pragma once

#include "core/value.hpp"
#include "plugin/declared_fields.hpp"
#include "plugin/manifest.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace playhead {

namespace lua {
class Chunk;
class SharedCode;
enum class LocalNames : std::uint8_t;
} // namespace lua

// A plugin's texts as they were read, and how messages call each.
struct PluginSource {
    std::string name;                 // of its folder; the manifest has to say the same
    std::string manifest, code, test; // plugin.lua, init.lua, test.lua
    std::string manifest_path, code_path, test_path;
    bool operator==(const PluginSource&) const = default;
};

// A plugin somebody wants in a room.
struct PluginRequest {
    PluginSource source;
    Value settings;            // what the operator says; the rest is there by default
    std::string settings_path; // how messages call them: "scripts/demo.lua: plugins.chat"; empty: "settings of chat"
    bool operator==(const PluginRequest&) const = default;
};

struct Plugin {
    Manifest manifest;
    Value settings; // complete
    PluginSource source;
    std::string hash;                        // 8 hex digits of the manifest's and the code's text
    std::shared_ptr<const lua::Chunk> chunk; // the code, parsed once for all rooms
};

// The plugins of a room, in the order in which they are asked. A value; shared by all rooms that have the same.
class PluginSet {
  public:
    static constexpr std::size_t plugins_max = 32;

    explicit PluginSet(std::vector<Plugin> in_order);

    const std::vector<Plugin>& plugins() const { return plugins_; }
    bool empty() const { return plugins_.empty(); }
    std::size_t size() const { return plugins_.size(); }
    const Plugin* find(std::string_view name) const;
    // What the plugin at that place declares.
    const DeclaredFields& fields(std::size_t place) const { return fields_[place]; }
    // What all rooms of a thread share of the plugins' loaded code.
    lua::SharedCode* code() const { return code_.get(); }

  private:
    std::vector<Plugin> plugins_;
    std::vector<DeclaredFields> fields_; // by place
    std::shared_ptr<lua::SharedCode> code_;
};

// Checks each plugin, what they say about each other, and puts them in order: whoever is required or named in `after`
// comes first, ties go by name.
//   Errors: every mistake at once, one a line: whatever read_manifest finds, code that is no Lua, a name that is not
//   its folder's,
//           a plugin twice, a missing or unsuitable requirement, a permission that nobody declares, a circle (named all
//           the way round).
//   `names`: kept for whoever looks for a mistake in a plugin; rooms do without.
std::expected<std::shared_ptr<const PluginSet>, std::vector<std::string>> load_plugins(
    const std::vector<PluginRequest>& requests, lua::LocalNames names);
std::expected<std::shared_ptr<const PluginSet>, std::vector<std::string>> load_plugins(
    const std::vector<PluginRequest>& requests); // dropped

// 8 hex digits over manifest and code: what rooms show, so that everyone sees which code they run.
std::string code_hash(const PluginSource& source);

} // namespace playhead
