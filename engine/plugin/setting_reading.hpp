#pragma once

#include "core/value.hpp"
#include "plugin/manifest.hpp"
#include "plugin/table_reader.hpp"

#include <string_view>

namespace playhead {

// Inside plugin only: the `settings` of a manifest, and what an operator says for them.

Manifest::Named<SettingSpec> read_settings(TableReader& manifest, ManifestReading& reading);

struct AppliedSettings {
    Value complete; // what the plugin is given: those that are set, by the operator or by default
    Value named;    // what "@name" may stand for: all of them, nil for those that are not set
};

// Errors are lines of `reading`, which begin with `settings_name` instead of the manifest's.
AppliedSettings apply_settings(const Manifest::Named<SettingSpec>& specs, const Value& settings,
                               std::string_view settings_name, ManifestReading& reading);

} // namespace playhead
