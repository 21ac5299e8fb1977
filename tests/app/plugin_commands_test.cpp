#include "app/new_plugin.hpp"
#include "app/plugin_commands.hpp"
#include "app/plugin_folder.hpp"
#include "app/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace playhead;

namespace {

Said said(const std::vector<std::string>& words) {
    const std::vector<std::string_view> arguments{words.begin(), words.end()};
    const auto wanted = parse_command_line(arguments);
    REQUIRE(wanted.has_value());
    return run_plugin_command(*wanted);
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("a new plugin is written, loads, and passes its own tests") {
    const TemporaryFolder folder;
    const Said written = said({"new-plugin", "applause", folder.path().string()});
    CHECK(written.exit_code == exit_ok);
    CHECK(contains(written.out, "applause/plugin.lua\n"));
    CHECK(contains(written.out, "playhead test "));
    CHECK(load_plugins({{*find_plugin(folder.path(), "applause"), {}, ""}}).has_value());
    const Said tested = said({"test", (folder.path() / "applause").string()});
    INFO(tested.out, tested.err);
    CHECK(tested.exit_code == exit_ok);
    CHECK(contains(tested.out, "3 passed, 0 failed"));
}

TEST_CASE("a new plugin replaces nothing, and cannot be called anything") {
    const TemporaryFolder folder;
    folder.write("applause/notes.txt", "mine");
    const Said refused = said({"new-plugin", "applause", folder.path().string()});
    CHECK(refused.exit_code == exit_environment);
    CHECK(contains(refused.err, "applause exists already; nothing was written"));
    CHECK_FALSE(std::filesystem::exists(folder.path() / "applause/plugin.lua"));
    for (const char* name : {"Applause", "../x", "and", "a-b", "_x"}) {
        CAPTURE(name);
        const Said said_of_name = said({"new-plugin", name, folder.path().string()});
        CHECK(said_of_name.exit_code == exit_usage);
        CHECK(contains(said_of_name.err, "cannot be a plugin's name"));
    }
    const Said no_place = said({"new-plugin", "fine", "/proc/nowhere"});
    CHECK(no_place.exit_code == exit_environment);
    CHECK(contains(no_place.err, "fine/plugin.lua cannot be made"));
}

TEST_CASE("a test that fails, a plugin without tests and a folder that is none are told apart by their exit codes") {
    const TemporaryFolder folder;
    CHECK(said({"new-plugin", "applause", folder.path().string()}).exit_code == exit_ok);
    std::string code = folder.read("applause/init.lua");
    code.replace(code.find("claps:set(total)"), 16, "claps:set(total + 1)");
    folder.write("applause/init.lua", code);
    const Said failed = said({"test", (folder.path() / "applause").string()});
    CHECK(failed.exit_code == exit_environment);
    CHECK(contains(failed.out, "test.lua:"));
    folder.write_plugin("silent");
    CHECK(said({"test", (folder.path() / "silent").string()}).exit_code == exit_environment);
    const Said none = said({"test", (folder.path() / "nothing").string()});
    CHECK(none.exit_code == exit_usage);
    CHECK(contains(none.err, "nothing: expected a plugin's folder"));
}

TEST_CASE(
    "the listing says the order, version, code, rules and settings of each plugin, and what rooms have of their own") {
    const TemporaryFolder folder;
    folder.write_plugin("plugins/roles");
    folder.write("plugins/roles/plugin.lua", "return { name = 'roles', version = '1.2.3', api = 1, on_fail = 'closed', "
                                             "description = 'Who may do what', grants = { 'kick', 'ban' } }");
    folder.write("plugins/chat/plugin.lua",
                 "return { name = 'chat', version = '1.0.0', api = 1, requires = { roles = '^1' }, "
                 "settings = { keep = { type = 'int', default = 200 } } }");
    folder.write("plugins/chat/init.lua", "local P = ...");
    folder.write("c.lua", "return { plugins_folder = 'plugins', plugins = { chat = { keep = 7 }, roles = {} },\n"
                          "rooms = { { id = 'own', plugins = { roles = {} } }, { id = 'bare', plugins = {} } } }");
    const Said listed = said({"plugins", (folder.path() / "c.lua").string()});
    CAPTURE(listed.out);
    CHECK(listed.exit_code == exit_ok);
    CHECK(contains(listed.out, "  1  roles 1.2.3  "));
    CHECK(contains(listed.out, "  on_fail closed\n      Who may do what\n      grants kick, ban\n"));
    CHECK(contains(listed.out, "  2  chat 1.0.0  "));
    CHECK(contains(listed.out, "      requires roles ^1\n      keep = 7\n"));
    CHECK(contains(listed.out, code_hash(*find_plugin(folder.path() / "plugins", "chat"))));
    CHECK(contains(listed.out, "\nthe room own has its own\n  1  roles"));
    CHECK(contains(listed.out, "\nthe room bare has its own\n  none: everyone may do everything\n"));
    CHECK_THROWS_AS(static_cast<void>(said({"plugins", (folder.path() / "no.lua").string()})), ConfigError);
}

TEST_CASE("annotations are written for a folder of plugins, or for those of a config, and again over the old ones") {
    const TemporaryFolder folder;
    folder.write_plugin("plugins/chat", "shared = { n = { kind = 'counter' } }");
    folder.write("plugins/chat/plugin.lua",
                 "return { name = 'chat', version = '1.0.0', api = 1, settings = { must = { type "
                 "= 'int' } }, shared = { n = { kind = 'counter' } } }");
    const std::string plugins = (folder.path() / "plugins").string();
    CHECK(said({"annotations", plugins}).exit_code == exit_ok);
    CHECK(contains(folder.read("plugins/.luals/playhead.lua"), "---@class playhead.Plugin"));
    CHECK(contains(folder.read("plugins/.luals/chat.lua"), "---@field n playhead.Counter"));
    CHECK(said({"annotations", plugins}).exit_code == exit_ok);
    folder.write("c.lua", "return { plugins_folder = 'plugins', plugins = { chat = { must = 1 } } }");
    const Said elsewhere =
        said({"annotations", (folder.path() / "c.lua").string(), "--out", (folder.path() / "out").string()});
    CHECK(elsewhere.exit_code == exit_ok);
    CHECK(contains(folder.read("out/chat.lua"), "playhead.chat"));
    folder.write("plugins/chat/plugin.lua", "return { name = 'chat' }");
    const Said lies = said({"annotations", plugins});
    CHECK(lies.exit_code == exit_usage);
    CHECK(contains(lies.err, "chat/plugin.lua: version: missing"));
    const Said none = said({"annotations", (folder.path() / "out").string()});
    CHECK(none.exit_code == exit_usage);
    CHECK(contains(none.err, "has no plugins in it"));
}
