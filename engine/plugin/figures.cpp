#include "plugin/figures.hpp"

namespace playhead {
namespace {

template <class Entry>
Entry& entry_of(std::map<std::string, Entry, std::less<>>& entries, std::string_view key, std::size_t entries_max) {
    const auto found = entries.find(key);
    if (found != entries.end()) return found->second;
    return entries[std::string{entries.size() < entries_max ? key : "other"}];
}

} // namespace

HookFigure& PluginFigure::hook(std::string_view key) { return entry_of(hooks, key, hooks_max); }

PluginFigure& PluginFigures::plugin(std::string_view key) { return entry_of(plugins, key, plugins_max); }

HookFigure& HookFigure::operator+=(const HookFigure& other) {
    calls += other.calls;
    errors += other.errors;
    instructions += other.instructions;
    allocated_bytes += other.allocated_bytes;
    time += other.time;
    return *this;
}

PluginFigure& PluginFigure::operator+=(const PluginFigure& other) {
    for (const auto& [key, figure] : other.hooks) hook(key) += figure;
    suspensions_total += other.suspensions_total;
    rooms += other.rooms;
    suspended_rooms += other.suspended_rooms;
    memory_bytes += other.memory_bytes;
    state_bytes += other.state_bytes;
    return *this;
}

PluginFigures& PluginFigures::operator+=(const PluginFigures& other) {
    for (const auto& [key, figure] : other.plugins) plugin(key) += figure;
    lua_bytes += other.lua_bytes;
    lua_states += other.lua_states;
    return *this;
}

} // namespace playhead
