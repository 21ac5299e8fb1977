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

} // namespace playhead
