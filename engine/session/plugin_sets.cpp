#include "session/plugin_sets.hpp"

#include <algorithm>

namespace playhead {

std::vector<PluginSummary> summaries_of(const PluginSet& set) {
    std::vector<PluginSummary> summaries;
    for (const Plugin& plugin : set.plugins())
        summaries.push_back({plugin.manifest.name, plugin.manifest.version.text(), plugin.hash, false});
    return summaries;
}

bool same_plugins(const std::shared_ptr<const PluginSet>& a, const std::shared_ptr<const PluginSet>& b) {
    static const PluginSet none{{}};
    const auto& left = (a ? *a : none).plugins();
    const auto& right = (b ? *b : none).plugins();
    return std::ranges::equal(left, right, [](const Plugin& one, const Plugin& other) {
        return one.hash == other.hash && one.settings == other.settings && one.manifest == other.manifest;
    });
}

} // namespace playhead
