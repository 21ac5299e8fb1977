#include "app/config.hpp"
#include "app/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace playhead;

namespace {

// A folder with two plugins, and configs beside it.
struct Scripts {
    TemporaryFolder folder;

    Scripts() {
        folder.write_plugin("plugins/chat",
                            "settings = { keep = { type = 'int', min = 1, max = 500, default = 200 } }");
        folder.write("plugins/chat/plugin.lua",
                     "return { name = 'chat', version = '1.0.0', api = 1, after = { 'roles' },\n"
                     "settings = { keep = { type = 'int', min = 1, max = 500, default = 200 } } }");
        folder.write("plugins/roles/plugin.lua", "return { name = 'roles', version = '2.1.0', api = 1 }");
        folder.write("plugins/roles/init.lua", "local P = ...");
    }

    Config good(const std::string& source) const {
        try {
            return parse_config("return { plugins_folder = 'plugins', " + source + " }", folder.path() / "c.lua");
        } catch (const ConfigError& error) {
            FAIL(error.what());
        }
        return {};
    }
    std::string refusal(const std::string& source) const {
        try {
            static_cast<void>(parse_config(source, folder.path() / "c.lua"));
        } catch (const ConfigError& error) {
            return error.what();
        }
        FAIL("the script was accepted");
        return {};
    }
};

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("plugins are read from their folder, with their settings, in order") {
    const Config config = Scripts{}.good("plugins = { chat = { keep = 7 }, roles = {} }");
    REQUIRE(config.plugins != nullptr);
    REQUIRE(config.plugins->size() == 2);
    CHECK(config.plugins->plugins()[0].manifest.name == "roles");
    CHECK(config.plugins->plugins()[1].manifest.name == "chat");
    CHECK(*config.plugins->plugins()[1].settings.find("keep") == Value{std::int64_t{7}});
    CHECK(config.admin_token.empty());
}

TEST_CASE("a room may have plugins of its own, or none at all, and else has everybody's") {
    const Config config = Scripts{}.good(R"(plugins = { chat = {} }, rooms = { { id = "a" }, { id = "b", plugins = {} },
        { id = "c", plugins = { roles = {} } } })");
    REQUIRE(config.rooms.size() == 3);
    CHECK(config.rooms[0].plugins == nullptr);
    REQUIRE(config.rooms[1].plugins != nullptr);
    CHECK(config.rooms[1].plugins->empty());
    CHECK(config.rooms[2].plugins->plugins()[0].manifest.name == "roles");
    CHECK(Scripts{}.good("").plugins == nullptr);
}

TEST_CASE("mistakes with plugins name the file, the key and what was expected") {
    const Scripts place;
    const std::string script = (place.folder.path() / "c.lua").string();
    CHECK(place.refusal("return { plugins = { chat = {} } }") ==
          script + ": plugins: expected plugins_folder to say which folder they are in");
    CHECK(contains(place.refusal("return { plugins_folder = 'plugins', plugins = { chta = {} } }"),
                   script + ": plugins.chta: there is no plugin \"chta\" in "));
    CHECK(contains(place.refusal("return { plugins_folder = 'plugins', plugins = { chta = {} } }"),
                   "did you mean chat?"));
    CHECK(place.refusal("return { plugins_folder = 'plugins', plugins = { chat = { keep = 0 } } }") ==
          script + ": plugins.chat.keep: expected an integer from 1 to 500, got 0");
    CHECK(place.refusal("return { plugins_folder = 'plugins', plugins = { chat = { kepe = 1 } } }") ==
          script + ": plugins.chat.kepe: there is no such setting; did you mean keep?");
    CHECK(contains(place.refusal("return { plugins_folder = 'plugins', plugins = { 'chat' } }"),
                   "plugins: expected a table of plugins with their settings"));
    CHECK(contains(place.refusal("return { plugins_folder = 'plugins', plugins = { chat = true } }"),
                   "plugins.chat: expected a table of settings, got true"));
    CHECK(place.refusal(
              "return { plugins_folder = 'plugins', rooms = { { id = 'a', plugins = { chat = { keep = 0 } } } } "
              "}") == script + ": rooms[1].plugins.chat.keep: expected an integer from 1 to 500, got 0");
    CHECK(contains(place.refusal("return { plugins_folder = 'plugins', plugins = { ['../x'] = {} } }"),
                   "plugins[\"../x\"]: there is no plugin"));
    CHECK(place.refusal("return { plugin_folder = 'plugins' }") ==
          script + ": plugin_folder: there is no such key; did you mean plugins_folder?");
}

TEST_CASE("a plugin that lies is told of once, however many rooms have it, beside the config's own mistakes") {
    const Scripts place;
    place.folder.write("plugins/roles/plugin.lua", "return { name = 'roles', version = 'two', api = 1 }");
    place.folder.write("plugins/chat/init.lua", "local = 5");
    const std::string text =
        place.refusal("return { lisen = 1, plugins_folder = 'plugins', plugins = { roles = {}, chat = "
                      "{} }, rooms = { { id = 'a', plugins = { roles = {} } } } }");
    CAPTURE(text);
    CHECK(contains(text, "lisen: there is no such key"));
    CHECK(contains(text, "roles/plugin.lua: version: expected MAJOR.MINOR.PATCH"));
    CHECK(contains(text, "chat/init.lua:1: "));
    CHECK(std::ranges::count(text, '\n') == 2);
}

TEST_CASE("what is printed of plugins is a script that gives the same") {
    const Scripts place;
    const Config config = place.good("plugins = { chat = {} }, rooms = { { id = 'a', plugins = { roles = {} } } }");
    const std::string printed = effective_config(config);
    CAPTURE(printed);
    CHECK(contains(printed, "keep = 200"));
    CHECK(effective_config(parse_config(printed, "elsewhere/printed.lua")) == printed);
}

TEST_CASE("a token for the admin API is long enough to be none that is guessed, and is not printed") {
    const Scripts place;
    CHECK(place.good("admin_token = 'correct-horse-battery'").admin_token == "correct-horse-battery");
    const std::string printed = effective_config(place.good("admin_token = 'correct-horse-battery'"));
    CHECK_FALSE(contains(printed, "correct-horse"));
    CHECK(contains(printed, "-- admin_token is set"));
    for (const char* token :
         {"'short'", "'fifteen-letters'", "'with blanks in it...'", "('x'):rep(257)", "12345678901234567890"}) {
        CAPTURE(token);
        const std::string text = place.refusal("return { admin_token = " + std::string{token} + " }");
        CHECK(contains(text, "admin_token: expected text of 16 to 256 printable characters"));
        CHECK_FALSE(contains(text, "short"));
    }
}

TEST_CASE("every preset in scripts can be run as it is") {
    for (const char* script :
         {"scripts/demo.lua", "scripts/cinema.lua", "scripts/living_room.lua", "scripts/arena.lua"}) {
        CAPTURE(script);
        try {
            const Config config = load_config(script);
            CHECK((config.plugins != nullptr && !config.plugins->empty()));
        } catch (const ConfigError& error) {
            FAIL_CHECK(error.what());
        }
    }
}
