#pragma once

#include "plugin/manifest.hpp"
#include "room/shared.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace playhead {

// One field that a plugin declares, and where it is kept.
struct DeclaredField {
    FieldSpec spec;
    TableName table;
    bool saved = false;
    std::size_t owner = 0; // the plugin's place in the room's order
    std::string path;      // how messages call it: "shared.log"
};

// All fields of a plugin, the shared ones first, each half in byte order of its names. The same in every room that runs
// the plugin in that place, so rooms share them; objects in Lua hold their addresses.
class DeclaredFields {
  public:
    DeclaredFields(const Manifest& manifest, std::size_t owner);

    const std::vector<DeclaredField>& all() const { return fields_; }
    // Null if nothing of that name is declared.
    const DeclaredField* find(bool saved, std::string_view name) const;
    std::vector<std::string> names(bool saved) const;

  private:
    std::vector<DeclaredField> fields_;
};

} // namespace playhead
