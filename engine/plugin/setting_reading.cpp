#include "plugin/setting_reading.hpp"

#include "core/nearest.hpp"
#include "plugin/script_value.hpp"
#include "plugin/type_reading.hpp"

namespace playhead {
namespace {

SettingSpec read_setting(const Value& value, const std::string& path, ManifestReading& reading) {
    TableReader table{value, path, reading};
    const std::size_t problems = reading.problems.size();
    SettingSpec spec;
    spec.type = read_type_table(table, reading);
    spec.description = table.description();
    const Value* fallback = table.find("default");
    table.finish();
    // A default is only held against a type that is one.
    if (fallback == nullptr || reading.problems.size() > problems) return spec;
    auto good = checked(spec.type, *fallback, path + ".default");
    if (!good) {
        reading.problems.push_back(reading.file + ": " + good.error());
    } else if (!good->is_nil()) {
        spec.fallback = *std::move(good);
    }
    return spec;
}

std::string no_such_setting(const Manifest::Named<SettingSpec>& specs, const std::string& key) {
    if (specs.empty()) return "there is no such setting: this plugin has none";
    std::vector<std::string> known;
    std::string all;
    for (const auto& [name, spec] : specs) {
        known.push_back(name);
        all += (all.empty() ? "" : ", ") + name;
    }
    const auto meant = nearest(known, key);
    return "there is no such setting; " + (meant ? "did you mean " + *meant + "?" : "there are " + all);
}

} // namespace

Manifest::Named<SettingSpec> read_settings(TableReader& manifest, ManifestReading& reading) {
    Manifest::Named<SettingSpec> specs;
    manifest.each("settings", is_declared_name, std::string{declared_name_expected},
                  [&](const std::string& name, const Value& value, const std::string& path) {
                      specs.emplace(name, read_setting(value, path, reading));
                  });
    return specs;
}

AppliedSettings apply_settings(const Manifest::Named<SettingSpec>& specs, const Value& settings,
                               std::string_view settings_name, ManifestReading& reading) {
    const std::string where{settings_name};
    const auto* given = settings.get_if<Value::Map>();
    const auto* list = settings.get_if<Value::List>();
    if (given != nullptr) {
        for (const auto& entry : *given) {
            if (!specs.contains(entry.key))
                reading.problems.push_back(key_path(where, entry.key) + ": " + no_such_setting(specs, entry.key));
        }
    } else if (!settings.is_nil() && (list == nullptr || !list->empty())) {
        reading.problems.push_back(where + ": expected a table of settings, got " + shown(settings));
    }
    Value::Map complete;
    Value::Map named;
    for (const auto& [name, spec] : specs) {
        Value value = spec.fallback.value_or(Value{});
        const std::string path = key_path(where, name);
        if (const Value* said = settings.find(name)) {
            auto good = checked(spec.type, *said, path);
            if (good) {
                value = *std::move(good);
            } else {
                reading.problems.push_back(good.error());
            }
        } else if (!spec.fallback && !spec.type.optional && !settings.is_nil()) {
            reading.problems.push_back(path + ": missing: expected " + describe(spec.type));
        }
        named.push_back({name, value});
        if (!value.is_nil()) complete.push_back({name, std::move(value)});
    }
    return {Value{std::move(complete)}, Value{std::move(named)}};
}

} // namespace playhead
