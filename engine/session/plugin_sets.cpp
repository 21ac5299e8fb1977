#include "session/plugin_sets.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

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

PluginSets copies_of(const PluginSets& sets) {
    std::map<const PluginSet*, std::shared_ptr<const PluginSet>> copies; // rooms that shared one share its copy
    const auto copy = [&copies](const std::shared_ptr<const PluginSet>& set) {
        if (!set) return set;
        std::shared_ptr<const PluginSet>& made = copies[set.get()];
        if (!made) made = std::make_shared<const PluginSet>(set->plugins());
        return made;
    };
    PluginSets result{copy(sets.standard), {}};
    for (const auto& [room, set] : sets.of_room) result.of_room[room] = copy(set);
    return result;
}

PluginReload merged(std::vector<PluginReload> reloads) {
    PluginReload sum;
    for (PluginReload& one : reloads) {
        if (sum.plugins.empty()) sum.plugins = std::move(one.plugins);
        sum.rooms_swapped += one.rooms_swapped;
        sum.rooms_unchanged += one.rooms_unchanged;
        sum.rooms_kept += one.rooms_kept;
        for (PluginReload::Kept& kept : one.kept)
            if (sum.kept.size() < PluginReload::kept_named_max) sum.kept.push_back(std::move(kept));
        for (std::string& problem : one.problems)
            if (std::ranges::find(sum.problems, problem) == sum.problems.end())
                sum.problems.push_back(std::move(problem));
    }
    return sum;
}

std::vector<PluginUse> merged(const std::vector<std::vector<PluginUse>>& uses) {
    std::map<std::tuple<std::string, std::string, std::string>, PluginUse> by_code;
    for (const auto& of_shard : uses) {
        for (const PluginUse& use : of_shard) {
            PluginUse& sum =
                by_code.try_emplace({use.name, use.version, use.hash}, PluginUse{use.name, use.version, use.hash})
                    .first->second;
            sum.rooms += use.rooms;
            sum.suspended_rooms += use.suspended_rooms;
        }
    }
    std::vector<PluginUse> all;
    all.reserve(by_code.size());
    for (auto& [code, use] : by_code) all.push_back(std::move(use));
    return all;
}

} // namespace playhead
