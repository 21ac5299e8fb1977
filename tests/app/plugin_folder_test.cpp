#include "app/plugin_folder.hpp"
#include "app/temporary_folder.hpp"

#include <doctest/doctest.h>

using namespace playhead;

namespace {

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string refusal(const std::expected<PluginSource, std::string>& source) {
    return source ? "accepted" : source.error();
}

} // namespace

TEST_CASE("a plugin's folder is read whole, and its files are called as a person finds them") {
    const TemporaryFolder folder;
    folder.write_plugin("chat");
    folder.write("chat/test.lua", "local T = ...");
    const auto source = find_plugin(folder.path(), "chat");
    REQUIRE(source.has_value());
    CHECK(source->name == "chat");
    CHECK(source->code == "local P = ...");
    CHECK(source->test == "local T = ...");
    CHECK(contains(source->code_path, "chat/init.lua"));
    CHECK(source->code_path.size() <= 59);
    CHECK(read_plugin_folder(folder.path() / "chat") == *source);
    CHECK(read_plugin_folder(folder.path() / "chat/") == *source);
    CHECK(read_plugin_folder(folder.path() / "chat/.")->name == "chat");
    CHECK(read_plugin_folder("plugins/chat")->manifest_path == "plugins/chat/plugin.lua");
}

TEST_CASE("tests may be missing, manifest and code may not") {
    const TemporaryFolder folder;
    folder.write_plugin("chat");
    CHECK(find_plugin(folder.path(), "chat")->test.empty());
    std::filesystem::remove(folder.path() / "chat/init.lua");
    CHECK(contains(refusal(find_plugin(folder.path(), "chat")), "chat/init.lua: this file does not exist"));
    std::filesystem::remove(folder.path() / "chat/plugin.lua");
    CHECK(contains(refusal(find_plugin(folder.path(), "chat")), "chat/plugin.lua: this file does not exist"));
    std::filesystem::create_directories(folder.path() / "chat/plugin.lua");
    CHECK(contains(refusal(find_plugin(folder.path(), "chat")), "chat/plugin.lua: is not a file"));
}

TEST_CASE("a plugin that is not there names the nearest one that is") {
    const TemporaryFolder folder;
    folder.write_plugin("chat");
    folder.write_plugin("queue");
    folder.write("notes.txt", "no plugin");
    CHECK(plugin_names(folder.path()) == std::vector<std::string>{"chat", "queue"});
    CHECK(contains(refusal(find_plugin(folder.path(), "qeue")), "there is no plugin \"qeue\" in "));
    CHECK(refusal(find_plugin(folder.path(), "qeue")).ends_with("; did you mean queue?"));
    CHECK(refusal(find_plugin(folder.path() / "none", "chat")).ends_with(", which is no folder"));
    CHECK(plugin_names(folder.path() / "none").empty());
}

TEST_CASE("no name leads out of the folder of plugins") {
    const TemporaryFolder folder;
    folder.write_plugin("plugins/chat");
    folder.write_plugin("secret");
    const std::filesystem::path plugins = folder.path() / "plugins";
    for (const char* name : {"../secret", "..", ".", "", "/etc", "chat/../../secret", "chat/", "Chat", "a\0b"}) {
        CAPTURE(name);
        CHECK(contains(refusal(find_plugin(plugins, name)), "there is no plugin"));
    }
    std::filesystem::create_directory_symlink(folder.path() / "secret", plugins / "linked");
    CHECK(contains(refusal(find_plugin(plugins, "linked")), "leads out of"));
    std::filesystem::remove(plugins / "chat/init.lua");
    std::filesystem::create_symlink(folder.path() / "secret/init.lua", plugins / "chat/init.lua");
    CHECK(contains(refusal(find_plugin(plugins, "chat")), "init.lua: leads out of the plugin's folder"));
}

TEST_CASE("files that are too large are not read") {
    const TemporaryFolder folder;
    folder.write_plugin("chat");
    folder.write("chat/init.lua", std::string(300'000, ' '));
    CHECK(contains(refusal(find_plugin(folder.path(), "chat")), "chat/init.lua: has more than 262144 bytes"));
}
