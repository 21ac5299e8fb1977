#include "plugin/declared_fields.hpp"

#include <algorithm>

namespace playhead {

DeclaredFields::DeclaredFields(const Manifest& manifest, std::size_t owner) {
    fields_.reserve(manifest.shared.size() + manifest.saved.size());
    for (const bool saved : {false, true}) {
        for (const auto& [name, spec] : saved ? manifest.saved : manifest.shared)
            fields_.push_back({.spec = spec,
                               .table = {manifest.name, name},
                               .saved = saved,
                               .owner = owner,
                               .path = (saved ? "saved." : "shared.") + name});
    }
}

const DeclaredField* DeclaredFields::find(bool saved, std::string_view name) const {
    const auto found = std::ranges::find_if(
        fields_, [&](const DeclaredField& field) { return field.saved == saved && field.table.field == name; });
    return found == fields_.end() ? nullptr : &*found;
}

std::vector<std::string> DeclaredFields::names(bool saved) const {
    std::vector<std::string> names;
    for (const DeclaredField& field : fields_)
        if (field.saved == saved) names.push_back(field.table.field);
    return names;
}

} // namespace playhead
