#include "app/plugin_folder.hpp"

#include "app/text_file.hpp"
#include "core/nearest.hpp"
#include "plugin/lua_source.hpp"
#include "plugin/lua_state.hpp"

#include <algorithm>
#include <system_error>

namespace playhead {

namespace fs = std::filesystem;

namespace {

// Lua shows at most 59 bytes of a chunk's name in its messages, and cuts off the beginning of a longer one.
constexpr std::size_t chunk_name_bytes_max = 59;

std::string chunk_name(const fs::path& path) {
    std::string name = shown_path(path);
    if (name.size() <= chunk_name_bytes_max) return name;
    return (path.parent_path().filename() / path.filename()).string();
}

bool is_below(const fs::path& path, const fs::path& folder) {
    return std::ranges::mismatch(folder, path).in1 == folder.end();
}

std::expected<std::string, std::string> read_part(const fs::path& folder, std::string_view file) {
    const fs::path path = folder / file;
    const auto refuse = [&](const std::string& why) { return std::unexpected(shown_path(path) + ": " + why); };
    std::error_code failed;
    const fs::path real = fs::canonical(path, failed);
    if (failed) return refuse("this file does not exist");
    if (!is_below(real, fs::canonical(folder, failed))) return refuse("leads out of the plugin's folder");
    auto text = read_text_file(real, LuaLimits{}.source_bytes_max);
    if (!text) return refuse(text.error());
    return *std::move(text);
}

} // namespace

std::expected<PluginSource, std::string> read_plugin_folder(const fs::path& folder) {
    std::error_code failed;
    if (!fs::is_directory(folder, failed)) {
        return std::unexpected(shown_path(folder) + ": expected a plugin's folder, with " + std::string{manifest_file} +
                               " and " + std::string{code_file} + " in it");
    }
    // "plugins/chat/" and "." have a name too.
    const fs::path real = fs::canonical(folder, failed);
    PluginSource source;
    source.name = fs::absolute(folder).lexically_normal().filename().string();
    if (source.name.empty() || source.name == ".") source.name = real.filename().string();
    if (!is_plugin_name(source.name)) {
        return std::unexpected(shown_path(folder) + ": expected a folder whose name is 1 to 32 of a-z 0-9 _, a letter "
                                                    "first, and no word of Lua");
    }
    source.manifest_path = chunk_name(folder / manifest_file);
    source.code_path = chunk_name(folder / code_file);
    source.test_path = chunk_name(folder / test_file);
    auto manifest = read_part(folder, manifest_file);
    if (!manifest) return std::unexpected(manifest.error());
    auto code = read_part(folder, code_file);
    if (!code) return std::unexpected(code.error());
    source.manifest = *std::move(manifest);
    source.code = *std::move(code);
    if (!fs::exists(fs::symlink_status(folder / test_file, failed))) return source;
    auto test = read_part(folder, test_file);
    if (!test) return std::unexpected(test.error());
    source.test = *std::move(test);
    return source;
}

std::expected<PluginSource, std::string> find_plugin(const fs::path& plugins_folder, std::string_view name) {
    std::error_code failed;
    const fs::path folder = plugins_folder / name;
    if (is_plugin_name(name) && fs::is_directory(folder, failed)) {
        const fs::path real = fs::canonical(folder, failed);
        if (!is_below(real, fs::canonical(plugins_folder, failed)))
            return std::unexpected(shown_path(folder) + ": leads out of " + shown_path(plugins_folder));
        return read_plugin_folder(folder);
    }
    const std::vector<std::string> known = plugin_names(plugins_folder);
    const auto meant = nearest(known, name);
    std::string why = "there is no plugin " + quote_lua(name) + " in " + shown_path(plugins_folder);
    if (meant) {
        why += "; did you mean " + *meant + "?";
    } else if (!fs::is_directory(plugins_folder, failed)) {
        why += ", which is no folder";
    }
    return std::unexpected(why);
}

std::vector<std::string> plugin_names(const fs::path& plugins_folder) {
    std::vector<std::string> names;
    std::error_code failed;
    for (fs::directory_iterator entry{plugins_folder, failed}, end; !failed && entry != end; entry.increment(failed)) {
        const std::string name = entry->path().filename().string();
        std::error_code unreadable;
        if (is_plugin_name(name) && fs::is_regular_file(entry->path() / manifest_file, unreadable))
            names.push_back(name);
    }
    std::ranges::sort(names);
    return names;
}

} // namespace playhead
