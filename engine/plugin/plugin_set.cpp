#include "plugin/plugin_set.hpp"

#include "core/hash.hpp"
#include "core/nearest.hpp"
#include "plugin/lua_chunk.hpp"
#include "plugin/lua_sandbox.hpp"
#include "plugin/lua_shared_code.hpp"
#include "plugin/lua_source.hpp"
#include "plugin/script_value.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

namespace playhead {
namespace {

using Problems = std::vector<std::string>;
using ByName = std::map<std::string, Plugin, std::less<>>;

// One plugin comes before another, and the words that say why: "queue requires roles".
struct Link {
    std::string before;
    std::string why;
};
using Links = std::map<std::string, std::vector<Link>, std::less<>>; // by the plugin that comes after

Links links_between(const ByName& plugins) {
    Links links;
    for (const auto& [name, plugin] : plugins) {
        const Manifest& manifest = plugin.manifest;
        for (const auto& [needed, range] : manifest.requires_)
            if (plugins.contains(needed)) links[name].push_back({needed, concat({name, " requires ", needed})});
        for (const std::string& other : manifest.after)
            if (plugins.contains(other)) links[name].push_back({other, concat({name, " comes after ", other})});
        for (const std::string& other : manifest.before)
            if (plugins.contains(other)) links[other].push_back({name, concat({name, " comes before ", other})});
    }
    return links;
}

// Going from one that waits to one it waits for comes to a circle; this is it, in words.
std::string circle(const std::set<std::string>& waiting, const Links& links) {
    std::vector<std::string> way;
    std::vector<std::string> reasons;
    std::string at = *waiting.begin();
    while (std::ranges::find(way, at) == way.end()) {
        way.push_back(at);
        const auto& before = links.at(at);
        const auto next = std::ranges::find_if(before, [&](const Link& link) { return waiting.contains(link.before); });
        reasons.push_back(next->why);
        at = next->before;
    }
    std::string text;
    for (auto i = static_cast<std::size_t>(std::ranges::find(way, at) - way.begin()); i < way.size(); ++i)
        text += (text.empty() ? "" : ", ") + reasons[i];
    return text;
}

// Whoever waits for nobody, the first by name, again and again.
std::expected<std::vector<std::string>, std::string> in_order(const ByName& plugins) {
    const Links links = links_between(plugins);
    std::set<std::string> waiting;
    for (const auto& [name, plugin] : plugins) waiting.insert(name);
    std::vector<std::string> order;
    while (!waiting.empty()) {
        const auto ready = std::ranges::find_if(waiting, [&](const std::string& name) {
            const auto before = links.find(name);
            return before == links.end() || std::ranges::none_of(before->second, [&](const Link& link) {
                       return waiting.contains(link.before);
                   });
        });
        if (ready == waiting.end()) return std::unexpected(circle(waiting, links));
        order.push_back(*ready);
        waiting.erase(ready);
    }
    return order;
}

void check_requirements(const ByName& plugins, Problems& problems) {
    std::vector<std::string> known;
    for (const auto& [name, plugin] : plugins) known.push_back(name);
    for (const auto& [name, plugin] : plugins) {
        for (const auto& [needed, range] : plugin.manifest.requires_) {
            const std::string where = plugin.source.manifest_path + ": requires." + needed + ": ";
            const auto found = plugins.find(needed);
            if (found == plugins.end()) {
                const auto meant = nearest(known, needed);
                problems.push_back(concat({where, "the plugin ", needed, " ", range.text(), " has to be listed beside ",
                                           name, meant ? concat({"; did you mean ", *meant, "?"}) : std::string{}}));
            } else if (const SemanticVersion& version = found->second.manifest.version; !range.contains(version)) {
                problems.push_back(where + "expected a version that " + quote_lua(range.text()) + " allows, got " +
                                   version.text() + " (" + found->second.source.manifest_path + ")");
            }
        }
    }
}

// A command may need a permission of another plugin: one it names as its company, so that it is there, or may be.
void check_permissions(const ByName& plugins, Problems& problems) {
    for (const auto& [name, plugin] : plugins) {
        const Manifest& manifest = plugin.manifest;
        for (const auto& [command, spec] : manifest.commands) {
            if (!spec.permission || is_engine_permission(*spec.permission)) continue;
            const std::string owner = spec.permission->substr(0, spec.permission->find('.'));
            if (owner == name) continue; // read_manifest has looked it up
            const std::string where = plugin.source.manifest_path + ": commands." + command + ".permission: ";
            const auto found = plugins.find(owner);
            const bool company =
                manifest.requires_.contains(owner) || std::ranges::find(manifest.after, owner) != manifest.after.end();
            if (!company) {
                problems.push_back(where + "expected a permission of this plugin, of the engine, or of one in " +
                                   "`requires` or `after`, got " + quote_lua(*spec.permission));
            } else if (found != plugins.end() && !found->second.manifest.permissions.contains(*spec.permission)) {
                std::vector<std::string> known;
                for (const auto& [permission, purpose] : found->second.manifest.permissions)
                    known.push_back(permission);
                const auto meant = nearest(known, *spec.permission);
                problems.push_back(where + "there is no " + quote_lua(*spec.permission) + " in " +
                                   found->second.source.manifest_path +
                                   (meant ? "; did you mean " + quote_lua(*meant) + "?" : ""));
            }
        }
    }
}

ByName read_all(const std::vector<PluginRequest>& requests, lua::LocalNames names, Problems& problems) {
    ByName plugins;
    for (const PluginRequest& request : requests) {
        const PluginSource& source = request.source;
        const std::string settings_path =
            request.settings_path.empty() ? "settings of " + source.name : request.settings_path;
        auto read = read_manifest(source.manifest, source.manifest_path, request.settings, settings_path);
        if (!read) problems.insert(problems.end(), read.error().begin(), read.error().end());
        auto chunk = lua::compile(source.code, source.code_path, lua::plugin_limits, names);
        if (!chunk) problems.push_back(chunk.error().message);
        if (!read || !chunk) continue;
        const std::string name = read->manifest.name;
        if (name != source.name) {
            problems.push_back(source.manifest_path + ": name: expected " + quote_lua(source.name) +
                               ", as its folder is called, got " + quote_lua(name));
            continue;
        }
        Plugin plugin{std::move(read->manifest), std::move(read->settings), source, code_hash(source),
                      std::make_shared<const lua::Chunk>(*std::move(chunk))};
        if (!plugins.emplace(name, std::move(plugin)).second)
            problems.push_back(concat({settings_path, ": the plugin ", name, " is listed twice"}));
    }
    return plugins;
}

} // namespace

PluginSet::PluginSet(std::vector<Plugin> in_order) : plugins_(std::move(in_order)) {
    fields_.reserve(plugins_.size());
    std::vector<std::shared_ptr<const lua::Chunk>> chunks;
    for (const Plugin& plugin : plugins_) {
        fields_.emplace_back(plugin.manifest, fields_.size());
        chunks.push_back(plugin.chunk);
    }
    code_ = std::make_shared<lua::SharedCode>(chunks);
}

const Plugin* PluginSet::find(std::string_view name) const {
    const auto at =
        std::ranges::find_if(plugins_, [name](const Plugin& plugin) { return plugin.manifest.name == name; });
    return at == plugins_.end() ? nullptr : &*at;
}

std::expected<std::shared_ptr<const PluginSet>, std::vector<std::string>> load_plugins(
    const std::vector<PluginRequest>& requests) {
    return load_plugins(requests, lua::LocalNames::dropped);
}

std::expected<std::shared_ptr<const PluginSet>, std::vector<std::string>> load_plugins(
    const std::vector<PluginRequest>& requests, lua::LocalNames names) {
    if (requests.size() > PluginSet::plugins_max) {
        return std::unexpected(Problems{"expected at most " + std::to_string(PluginSet::plugins_max) +
                                        " plugins in a room, got " + std::to_string(requests.size())});
    }
    Problems problems;
    ByName plugins = read_all(requests, names, problems);
    // What they say about each other is only known once each can be read: else one mistake would look like several.
    if (problems.empty()) {
        check_requirements(plugins, problems);
        check_permissions(plugins, problems);
    }
    if (!problems.empty()) return std::unexpected(std::move(problems));
    const auto order = in_order(plugins);
    if (!order) return std::unexpected(Problems{"these plugins wait for each other: " + order.error()});
    std::vector<Plugin> sorted;
    for (const std::string& name : *order) sorted.push_back(std::move(plugins.find(name)->second));
    return std::make_shared<const PluginSet>(std::move(sorted));
}

std::string code_hash(const PluginSource& source) {
    CanonicalHash hash;
    hash.text(source.manifest);
    hash.text(source.code);
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08x", hash.value());
    return digits;
}

} // namespace playhead
