#include "app/config_keys.hpp"
#include "app/plugin_folder.hpp"

#include <algorithm>

namespace playhead::config {

std::shared_ptr<const PluginSet> read_plugin_table(const Value& value, const std::string& path, Reading& reading) {
    const auto* map = value.get_if<Value::Map>();
    const auto* list = value.get_if<Value::List>();
    if (map == nullptr && (list == nullptr || !list->empty())) {
        reading.refuse(path, "expected a table of plugins with their settings, { chat = { keep = 100 }, queue = {} }, "
                             "not " +
                                 shown(value));
        return nullptr;
    }
    std::vector<PluginRequest> requests;
    if (map != nullptr && reading.plugins_folder.empty()) {
        reading.refuse(path, "expected plugins_folder to say which folder they are in");
        return nullptr;
    }
    const std::size_t problems = reading.problems.size();
    if (map != nullptr) {
        for (const auto& entry : *map) {
            auto source = find_plugin(reading.plugins_folder, entry.key);
            const std::string here = key_path(path, entry.key);
            if (source) {
                requests.push_back({*std::move(source), entry.value, reading.script + ": " + here});
            } else {
                reading.refuse(here, source.error());
            }
        }
    }
    // Whether the rest would go together is only known with all of them.
    if (reading.problems.size() > problems) return nullptr;
    auto plugins = load_plugins(requests);
    if (plugins) return *std::move(plugins);
    // A plugin that several rooms have is told of once.
    for (const std::string& problem : plugins.error())
        if (std::ranges::find(reading.problems, problem) == reading.problems.end()) reading.problems.push_back(problem);
    return nullptr;
}

Value settings_of(const std::shared_ptr<const PluginSet>& plugins) {
    if (plugins == nullptr) return Value{};
    Value::Map map;
    for (const Plugin& plugin : plugins->plugins()) map.push_back({plugin.manifest.name, plugin.settings});
    return sorted_map(std::move(map));
}

} // namespace playhead::config
