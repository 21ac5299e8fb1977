#pragma once

#include "core/ids.hpp"
#include "plugin/plugin_set.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace playhead {

// Which plugins run in which rooms. A value.
struct PluginSets {
    std::shared_ptr<const PluginSet> standard; // in rooms of which nothing else is said; null: none
    std::map<RoomId, std::shared_ptr<const PluginSet>> of_room;

    const std::shared_ptr<const PluginSet>& of(const RoomId& room) const {
        const auto own = of_room.find(room);
        return own == of_room.end() || !own->second ? standard : own->second;
    }
};

// One plugin as people who look from outside are told of it.
struct PluginSummary {
    std::string name;
    std::string version;
    std::string hash; // of its code
    bool suspended = false;
    bool operator==(const PluginSummary&) const = default;
};

// One plugin over all rooms of a shard.
struct PluginUse {
    std::string name;
    std::string version;
    std::string hash;
    std::size_t rooms = 0;
    std::size_t suspended_rooms = 0;
    bool operator==(const PluginUse&) const = default;
};

// What became of a reload.
struct PluginReload {
    struct Kept { // a room that runs what it ran before
        RoomId room;
        std::string why;
        bool operator==(const Kept&) const = default;
    };
    static constexpr std::size_t kept_named_max = 100;

    std::vector<PluginSummary> plugins; // of the standard set now
    std::size_t rooms_swapped = 0;
    std::size_t rooms_unchanged = 0; // ran these already
    std::size_t rooms_kept = 0;
    std::vector<Kept> kept;            // of those, the first
    std::vector<std::string> problems; // that kept all rooms from changing: nothing was swapped
    bool ok() const { return problems.empty() && rooms_kept == 0; }
};

// The same sets for another thread: what rooms share of loaded code is one thread's.
PluginSets copies_of(const PluginSets& sets);

// Several shards' answers to the same reload, as one.
PluginReload merged(std::vector<PluginReload> reloads);
// Several shards' uses, by name, version and code.
std::vector<PluginUse> merged(const std::vector<std::vector<PluginUse>>& uses);

// The same code with the same settings in the same order.
bool same_plugins(const std::shared_ptr<const PluginSet>& a, const std::shared_ptr<const PluginSet>& b);

// For pages: what a set holds.
std::vector<PluginSummary> summaries_of(const PluginSet& set);

} // namespace playhead
