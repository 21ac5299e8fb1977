#include "plugin/lua_source.hpp"
#include "plugin/lua_state.hpp"
#include "plugin/manifest.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

using namespace playhead;

namespace {

Value lua(const std::string& source) {
    auto read = run_script("return " + source, "value");
    if (!read) FAIL(read.error().message);
    return *std::move(read);
}

std::string manifest(const std::string& rest) {
    return "return { name = 'chat', version = '1.2.0', api = 1, " + rest + " }";
}

ConfiguredManifest good(const std::string& source, const std::string& settings = "nil") {
    CAPTURE(source);
    auto read = read_manifest(source, "chat/plugin.lua", lua(settings), "config: plugins.chat");
    if (!read)
        for (const std::string& problem : read.error()) FAIL(problem);
    return *std::move(read);
}

// All lines, or nothing.
std::string refusal(const std::string& source, const std::string& settings = "nil") {
    const auto read = read_manifest(source, "chat/plugin.lua", lua(settings), "config: plugins.chat");
    std::string text;
    if (!read)
        for (const std::string& problem : read.error()) text += (text.empty() ? "" : "\n") + problem;
    return text;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("the least a manifest says is its name, its version and the API's") {
    const Manifest least = good(manifest("")).manifest;
    CHECK(least.name == "chat");
    CHECK(least.version.text() == "1.2.0");
    CHECK(least.on_fail == OnFail::open);
    CHECK(least.grants == 0);
    CHECK(least.shared_bytes_max == 64 * 1024);
    CHECK(least.commands.empty());
    const std::string nothing = refusal("return {}");
    CHECK(contains(nothing, "chat/plugin.lua: name: missing"));
    CHECK(contains(nothing, "chat/plugin.lua: version: missing: expected MAJOR.MINOR.PATCH"));
    CHECK(contains(nothing, "chat/plugin.lua: api: missing: expected 1"));
}

TEST_CASE("everything a manifest can say is read") {
    const auto [read, settings] = good(R"(
      local line = { type = "record", fields = { from = "viewer", text = "text:1..500" } }
      return {
        name = "chat", version = "1.0.0", api = 1, description = "Talk", on_fail = "closed",
        requires = { roles = "^1" }, after = { "queue" }, before = { "vote" },
        grants = { "playback", "wall_time" }, shared_kib = 16,
        settings = { keep = { type = "int", min = 1, max = 500, default = 200, description = "lines kept" } },
        shared = {
          log = { kind = "ring", size = "@keep", of = line, to = "moderators", description = "lines" },
          host = { kind = "value", of = "viewer?" }, n = { kind = "counter" },
          seats = { kind = "map", key = "viewer", of = "int", size = 30 }, muted = { kind = "set", key = "viewer" },
          items = { kind = "list", of = "text" },
        },
        saved = { bans = { kind = "map", key = "text", of = "int" } },
        commands = { say = { args = { text = "text:1..500", reply_to = "int?" }, permission = "chat.say",
                             rate = { per_s = 0.5, burst = "@keep" }, description = "says" }, clear = {} },
        signals = { typing = { args = { on = "bool" }, rate = { per_s = 2, burst = 4 } } },
        events = { burst = { of = "int", lossy = true, to = "owner" } },
        permissions = { ["chat.say"] = "write" },
        topics = { ["chat.text"] = "text:0..500" },
      })");
    CHECK(read.on_fail == OnFail::closed);
    CHECK(read.requires_.at("roles").contains(*SemanticVersion::parse("1.4.0")));
    CHECK(read.after == std::vector<std::string>{"queue"});
    CHECK(read.before == std::vector<std::string>{"vote"});
    CHECK(read.grants_use_of(Grant::playback));
    CHECK(read.grants_use_of(Grant::wall_time));
    CHECK_FALSE(read.grants_use_of(Grant::ban));
    CHECK(read.shared_bytes_max == 16 * 1024);
    const FieldSpec& log = read.shared.at("log");
    CHECK(log.kind == FieldSpec::Kind::ring);
    CHECK(log.size == 200);
    CHECK(log.to == Audience::moderators);
    CHECK(log.of.field("text")->text_max == 500);
    CHECK(read.shared.at("seats").key == Type::Key::viewer);
    CHECK(read.shared.at("seats").size == 30);
    CHECK(read.shared.at("muted").kind == FieldSpec::Kind::set);
    CHECK(read.shared.at("items").size == 1000);
    CHECK(read.shared.at("host").of.optional);
    CHECK(read.saved.at("bans").key == Type::Key::text);
    const CommandSpec& say = read.commands.at("say");
    CHECK(say.permission == "chat.say");
    CHECK(say.rate == AskingRate{.per_s = 0.5, .burst = 200});
    CHECK(say.args.field("reply_to")->optional);
    CHECK_FALSE(read.commands.at("clear").permission.has_value());
    CHECK(read.commands.at("clear").args.fields.empty());
    CHECK(read.signals.at("typing").rate->burst == 4);
    CHECK(read.events.at("burst").lossy);
    CHECK(read.events.at("burst").to == Audience::owner);
    CHECK(read.permissions.at("chat.say") == "write");
    CHECK(read.topics.at("chat.text").text_max == 500);
    CHECK(settings == lua("{ keep = 200 }"));
}

TEST_CASE("an unknown key names the nearest one, with its place") {
    CHECK(refusal(manifest("setings = {}")) ==
          "chat/plugin.lua: setings: there is no such key; did you mean settings?");
    CHECK(refusal(manifest("shared = { log = { knid = 'ring', kind = 'value', of = 'int' } }")) ==
          "chat/plugin.lua: shared.log.knid: there is no such key; did you mean shared.log.kind?");
    CHECK(contains(refusal(manifest("shared = { log = { kind = 'rnig', of = 'int', size = 3 } }")),
                   "shared.log.kind: expected one of \"value\", \"counter\", \"map\", \"set\", \"list\", \"ring\", got "
                   "\"rnig\"; did you mean \"ring\"?"));
    CHECK(contains(
        refusal(manifest("events = { e = { of = 'int', to = 'moderator' } }")),
        "events.e.to: expected one of \"everyone\", \"moderators\", \"owner\", got \"moderator\"; did you mean "
        "\"moderators\"?"));
    CHECK(contains(refusal(manifest("grants = { 'playbakc' }")), "grants[1]: expected a list of one of \"playback\""));
    CHECK(contains(refusal(manifest("saved = { n = { kind = 'counter', to = 'everyone' } }")),
                   "saved.n.to: there is no such key"));
}

TEST_CASE("every mistake is told at once, each on its own line") {
    const std::string text = refusal(R"(return {
        name = "Chat", version = "1.2", api = 2, on_fail = "shut", requires = { roles = "latest" }, after = "queue",
        settings = { keep = { type = "int", min = 1, max = 5, default = 7 } },
        shared = { log = { kind = "ring", of = "strnig" } },
        commands = { say = { args = { text = "text:9..1" }, rate = { burst = 0 } } },
        permissions = { say = "write" }, topics = { ["other.text"] = "text" },
      })");
    for (const std::string_view part :
         {"name: expected 1 to 32 of a-z 0-9 _", "version: expected MAJOR.MINOR.PATCH", "api: expected 1, ",
          "on_fail: ", "requires.roles: expected a range of versions", "after: expected a list of plugins' names",
          "settings.keep.default: expected an integer from 1 to 5, got 7", "shared.log.of: expected a type such as",
          "shared.log.size: missing", "commands.say.args.text: expected the fewest", "commands.say.rate.per_s: missing",
          "commands.say.rate.burst: expected an integer from 1 to 1000", "permissions.say: expected a name that is",
          "topics[\"other.text\"]: expected a name that is"}) {
        CAPTURE(part);
        CAPTURE(text);
        CHECK(contains(text, part));
    }
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) CHECK(line.starts_with("chat/plugin.lua: "));
}

TEST_CASE("operators' settings are held against their types, and the rest is there by default") {
    const std::string source = manifest(R"(settings = { keep = { type = "int", min = 1, max = 500, default = 200 },
        words = { type = "list", of = "text:1..9", max = 3, default = {} }, who = { type = "viewer?" },
        title = { type = "text", min = 1, max = 20 } })");
    CHECK(good(source, "{ title = 'x' }").settings == lua("{ keep = 200, words = {}, title = 'x' }"));
    CHECK(good(source, "{ title = 'x', keep = 3.0, words = { 'a' } }").settings ==
          lua("{ keep = 3, words = { 'a' }, title = 'x' }"));
    CHECK(refusal(source, "{}") == "config: plugins.chat.title: missing: expected text of 1 to 20 characters");
    CHECK(refusal(source).empty()); // nobody has configured it
    CHECK(refusal(source, "{ title = 'x', keep = 1000 }") ==
          "config: plugins.chat.keep: expected an integer from 1 to 500, got 1000");
    CHECK(refusal(source, "{ title = 'x', words = { 'a', 'tenletters' } }") ==
          "config: plugins.chat.words[2]: expected text of 1 to 9 characters, got 10");
    CHECK(refusal(source, "{ title = 'x', kepe = 1 }") ==
          "config: plugins.chat.kepe: there is no such setting; did you mean keep?");
    CHECK(refusal(source, "{ title = 'x', colour = 1 }") ==
          "config: plugins.chat.colour: there is no such setting; there are keep, title, who, words");
    CHECK(contains(refusal(source, "true"), "config: plugins.chat: expected a table of settings, got true"));
    CHECK(contains(refusal(manifest(""), "{ keep = 1 }"), "this plugin has none"));
}

TEST_CASE("what is said as @setting follows the operator") {
    const std::string source = manifest(R"(settings = { keep = { type = "int", default = 200 },
          name = { type = "text", default = "x" }, most = { type = "int?" } },
        shared = { log = { kind = "ring", size = "@keep", of = { type = "text", min = 1, max = "@keep" } } })");
    CHECK(good(source, "{ keep = 7 }").manifest.shared.at("log").size == 7);
    CHECK(good(source, "{ keep = 7 }").manifest.shared.at("log").of.text_max == 7);
    CHECK(contains(refusal(source, "{ keep = 0 }"), "shared.log.size: expected an integer from 1 to 10000"));
    CHECK(
        refusal(manifest("settings = { keep = { type = 'int', default = 1 } }, shared = { log = { kind = 'ring', of = "
                         "'int', size = '@kepe' } }")) ==
        "chat/plugin.lua: shared.log.size: there is no setting \"kepe\"; did you mean \"@keep\"?");
    CHECK(contains(
        refusal(manifest("settings = { s = { type = 'text', default = 'x' } }, shared = { log = { kind = 'ring', "
                         "of = 'int', size = '@s' } }")),
        "shared.log.size: expected an integer from 1 to 10000, or \"@setting\", got \"x\""));
    CHECK(good(manifest("settings = { most = { type = 'int?' } }, shared = { log = { kind = 'list', of = 'int', size = "
                        "'@most' } }"))
              .manifest.shared.at("log")
              .size == 1000);
}

TEST_CASE("names that cannot be are refused") {
    for (const char* name :
         {"''", "'Chat'", "'1st'", "'_chat'", "'and'", "'a-b'", "'a.b'", "'../x'", "('x'):rep(33)", "7"}) {
        CAPTURE(name);
        const std::string source = "return { version = '1.0.0', api = 1, name = " + std::string{name} + " }";
        CHECK(contains(refusal(source), "chat/plugin.lua: name: expected 1 to 32 of a-z 0-9 _, a letter first, got "));
    }
    CHECK(contains(refusal(manifest("commands = { ['do it'] = {} }")), "commands[\"do it\"]: expected a name that is"));
    CHECK(
        contains(refusal(manifest("shared = { ['end'] = { kind = 'counter' } }")), "shared[\"end\"]: expected a name"));
    CHECK(contains(refusal(manifest("requires = { chat = '^1' }")), "requires.chat: a plugin cannot require itself"));
    CHECK(contains(refusal(manifest("after = { 'chat' }")), "after[1]: expected another plugin's name"));
    CHECK(is_plugin_name("host_control"));
    CHECK_FALSE(is_plugin_name(""));
}

TEST_CASE("a command's permission of one's own has to be declared") {
    CHECK(refusal(manifest("permissions = { ['chat.say'] = 'x' }, commands = { say = { permission = 'chat.sya' } }")) ==
          "chat/plugin.lua: commands.say.permission: there is no \"chat.sya\" in `permissions`; did you mean "
          "\"chat.say\"?");
    CHECK(contains(refusal(manifest("commands = { say = { permission = 'not a name' } }")),
                   "commands.say.permission: expected the name of a permission"));
}

TEST_CASE("a manifest is data: there is nothing it could call, and little it can compute") {
    CHECK(
        good(
            "local n = 0 for i = 1, 10 do n = n + i end return { name = 'chat', version = '1.' .. n .. '.0', api = 1 }")
            .manifest.version.minor == 55);
    for (const char* name : {"os", "io", "string", "pairs", "require", "_G", "print", "setmetatable"}) {
        CAPTURE(name);
        CHECK(contains(refusal("return " + std::string{name} + ".x"),
                       "chat/plugin.lua:1: attempt to index a nil value (global '" + std::string{name} + "')"));
    }
    CHECK(contains(refusal("\n\nwhile true do end"), "chat/plugin.lua:3: the script has used up its"));
    CHECK(contains(refusal("local t = {} for i = 1, 1e6 do t[i] = i end return t"), "chat/plugin.lua"));
    CHECK(contains(refusal("return {"), "chat/plugin.lua:1: "));
    CHECK(contains(refusal("return function() end"), "chat/plugin.lua"));
    CHECK(contains(refusal(""), "expected the script to return a table"));
    CHECK(contains(refusal("return 5"), "chat/plugin.lua: expected a table with keys, got 5"));
    CHECK(contains(refusal("return { 1, 2 }"), "expected a table with keys, got a list"));
    CHECK(good("\xef\xbb\xbf" + manifest("")).manifest.name == "chat");
    CHECK(contains(refusal(std::string(70'000, ' ')), "at most"));
}

TEST_CASE("a manifest may be long") {
    std::string settings;
    std::string commands;
    for (int i = 0; i < 60; ++i) {
        const std::string name = "some_name_" + std::to_string(i);
        settings +=
            name + " = { type = 'int', min = 1, max = 500, default = 7, description = 'what " + name + " is' },";
        commands += name + " = { args = { text = 'text:1..500', to = 'viewer?' }, description = 'does " + name + "' },";
    }
    const Manifest read = good(manifest("settings = { " + settings + " }, commands = { " + commands + " }")).manifest;
    CHECK(read.settings.size() == 60);
    CHECK(read.commands.size() == 60);
    CHECK(contains(
        refusal(manifest("commands = (function() local t = {} for i = 1, 65 do t['c' .. i] = {} end return t end)()")),
        "commands: expected at most 64 entries, got 65"));
}

TEST_CASE("any nonsense under any key is refused, and never believed") {
    for (const char* key :
         {"name", "version", "api", "description", "requires", "after", "before", "on_fail", "grants", "settings",
          "shared", "saved", "shared_kib", "saved_kib", "commands", "signals", "events", "permissions", "topics"}) {
        for (const char* nonsense :
             {"true", "-1", "0/0", "'\\xff'", "{ 1, true, 'x' }", "{ x = 1 }", "{ x = { y = {} } }", "{ ['\\0'] = {} }",
              "{ x = { kind = {} , args = 1, of = 1, type = {} } }"}) {
            const std::string source = "local t = { name = 'chat', version = '1.0.0', api = 1 } t." + std::string{key} +
                                       " = " + nonsense + " return t";
            CAPTURE(source);
            CHECK_FALSE(refusal(source).empty());
        }
    }
}

TEST_CASE("the project's own plugins say what they are") {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{"plugins"}) {
        if (!entry.is_directory() || !std::filesystem::exists(entry.path() / "plugin.lua")) continue;
        std::ostringstream text;
        text << std::ifstream{entry.path() / "plugin.lua"}.rdbuf();
        const auto read = read_manifest(text.str(), entry.path().string() + "/plugin.lua");
        if (!read)
            for (const std::string& problem : read.error()) FAIL_CHECK(problem);
        CHECK((read && read->manifest.name == entry.path().filename()));
        ++count;
    }
    CHECK(count >= 10);
}
