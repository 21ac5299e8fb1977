#include "app/plugin_commands.hpp"

#include "app/new_plugin.hpp"
#include "app/plugin_folder.hpp"
#include "app/text_file.hpp"
#include "plugin/annotations.hpp"
#include "plugin/lua_source.hpp"
#include "plugin/test_runner.hpp"

#include <array>
#include <filesystem>
#include <map>
#include <system_error>

namespace playhead {

namespace fs = std::filesystem;

namespace {

Said refused(int exit_code, const std::string& why) { return {exit_code, "", "playhead: " + why + "\n"}; }

// ---- plugins

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
    return text;
}

std::string company(const Manifest& manifest) {
    std::vector<std::string> needed;
    for (const auto& [name, range] : manifest.requires_) needed.push_back(name + " " + range.text());
    std::vector<std::string> grants;
    for (const Grant grant :
         {Grant::playback, Grant::roles, Grant::kick, Grant::ban, Grant::commands, Grant::wall_time})
        if (manifest.grants_use_of(grant)) grants.emplace_back(name_of(grant));
    std::string text;
    const auto add = [&text](const std::string& word, const std::vector<std::string>& names) {
        if (!names.empty()) text += "      " + word + " " + joined(names) + "\n";
    };
    add("requires", needed);
    add("after", manifest.after);
    add("before", manifest.before);
    add("grants", grants);
    return text;
}

std::string listing(const PluginSet& plugins) {
    if (plugins.empty()) return "  none: everyone may do everything\n";
    std::string text;
    std::size_t place = 0;
    for (const Plugin& plugin : plugins.plugins()) {
        const Manifest& manifest = plugin.manifest;
        const std::string number = std::to_string(++place);
        text += std::string(number.size() < 3 ? 3 - number.size() : 0, ' ') + number + "  " + manifest.name + " " +
                manifest.version.text() + "  " + plugin.hash + "  on_fail " + std::string{name_of(manifest.on_fail)} +
                "\n";
        if (!manifest.description.empty()) text += "      " + manifest.description + "\n";
        text += company(manifest);
        if (const auto* settings = plugin.settings.get_if<Value::Map>())
            for (const auto& entry : *settings) text += "      " + entry.key + " = " + to_lua(entry.value, 3) + "\n";
    }
    return text;
}

// ---- new-plugin

Said write_new_plugin(const std::string& name, const fs::path& folder) {
    if (!is_plugin_name(name)) {
        return refused(exit_usage, "'" + name +
                                       "' cannot be a plugin's name; expected 1 to 32 of a-z 0-9 _, a letter " +
                                       "first, and no word of Lua");
    }
    const fs::path home = folder / name;
    std::error_code failed;
    if (fs::exists(fs::symlink_status(home, failed)))
        return refused(exit_environment, shown_path(home) + " exists already; nothing was written");
    const PluginSource source = new_plugin(name);
    Said said;
    const std::array<std::pair<std::string_view, const std::string*>, 3> files{
        {{manifest_file, &source.manifest}, {code_file, &source.code}, {test_file, &source.test}}};
    for (const auto& [file, text] : files) {
        const fs::path path = home / file;
        if (auto written = write_text_file(path, *text, IfExists::refuse); !written)
            return refused(exit_environment, shown_path(path) + " " + written.error());
        said.out += "wrote " + shown_path(path) + "\n";
    }
    said.out += "next: playhead test " + shown_path(home) + "\n";
    return said;
}

// ---- annotations

Said write_annotations(const CommandLine& wanted) {
    std::map<std::string, PluginSource> sources; // by name: one that several rooms have is written once
    fs::path folder = wanted.config;
    std::error_code failed;
    if (fs::is_directory(folder, failed)) {
        for (const std::string& name : plugin_names(folder)) {
            auto source = find_plugin(folder, name);
            if (!source) return refused(exit_usage, source.error());
            sources.emplace(name, *std::move(source));
        }
        if (sources.empty())
            return refused(exit_usage, shown_path(folder) + " has no plugins in it: no folder with a plugin.lua");
    } else {
        const Config config = load_config(wanted.config);
        std::vector<std::shared_ptr<const PluginSet>> sets{config.plugins};
        for (const RoomRequest& room : config.rooms) sets.push_back(room.plugins);
        for (const auto& set : sets)
            if (set != nullptr)
                for (const Plugin& plugin : set->plugins()) sources.emplace(plugin.manifest.name, plugin.source);
        folder = config.plugins_folder;
    }
    std::vector<std::pair<std::string, std::string>> files{{"playhead.lua", std::string{api_annotations()}}};
    std::string problems;
    for (const auto& [name, source] : sources) {
        const auto read = read_manifest(source.manifest, source.manifest_path, {}, "settings of " + name);
        if (read) {
            files.emplace_back(name + ".lua", annotations(read->manifest, source.manifest_path));
        } else {
            for (const std::string& problem : read.error()) problems += problem + "\n";
        }
    }
    if (!problems.empty()) return {exit_usage, "", problems};
    const fs::path out = wanted.folder.empty() ? folder / ".luals" : fs::path{wanted.folder};
    Said said;
    for (const auto& [file, text] : files) {
        if (auto written = write_text_file(out / file, text, IfExists::replace); !written)
            return refused(exit_environment, shown_path(out / file) + " " + written.error());
        said.out += "wrote " + shown_path(out / file) + "\n";
    }
    return said;
}

// ---- test

Said run_tests(const std::vector<std::string>& folders) {
    std::size_t passed = 0;
    std::size_t failed = 0;
    Said said;
    for (const std::string& folder : folders) {
        const auto plugin = read_plugin_folder(folder);
        if (!plugin) return refused(exit_usage, plugin.error());
        const fs::path home = fs::absolute(fs::path{folder}).lexically_normal();
        const fs::path beside = (home.has_filename() ? home : home.parent_path()).parent_path();
        const auto report =
            run_plugin_tests(*plugin, [&beside](std::string_view name) { return find_plugin(beside, name); });
        said.out += report.text;
        passed += report.passed;
        failed += report.failed;
    }
    said.out += test_summary(passed, failed);
    if (!said.out.ends_with('\n')) said.out += '\n';
    // A plugin without tests is not one that passes them.
    said.exit_code = failed == 0 && passed > 0 ? exit_ok : exit_environment;
    return said;
}

} // namespace

std::string plugin_listing(const Config& config, const std::string& script) {
    const PluginSet nothing{{}};
    std::string text = script + ": the plugins of every room, in the order in which they are asked\n" +
                       listing(config.plugins == nullptr ? nothing : *config.plugins);
    for (const RoomRequest& room : config.rooms)
        if (room.plugins != nullptr)
            text +=
                "\nthe room " + (room.id ? room.id->text() : std::string{}) + " has its own\n" + listing(*room.plugins);
    return text;
}

Said run_plugin_command(const CommandLine& wanted) {
    using Mode = CommandLine::Mode;
    switch (wanted.mode) {
    case Mode::plugins: return {exit_ok, plugin_listing(load_config(wanted.config), wanted.config), ""};
    case Mode::new_plugin: return write_new_plugin(wanted.name, wanted.folder.empty() ? "plugins" : wanted.folder);
    case Mode::annotations: return write_annotations(wanted);
    case Mode::test: return run_tests(wanted.plugins);
    default: return refused(exit_usage, "this is no sub-command for plugins");
    }
}

} // namespace playhead
