#include "plugin/lua_chunk.hpp"
#include "plugin/lua_state.hpp"
#include "plugin/plugin_set.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace playhead;

namespace {

// A plugin with a version and, behind it, more of its manifest.
PluginRequest plugin(const std::string& name, const std::string& rest = "", const std::string& version = "1.0.0") {
    PluginSource source{.name = name,
                        .manifest =
                            "return { name = '" + name + "', version = '" + version + "', api = 1, " + rest + " }",
                        .code = "local P = ...",
                        .test = "",
                        .manifest_path = name + "/plugin.lua",
                        .code_path = name + "/init.lua",
                        .test_path = name + "/test.lua"};
    return {std::move(source), {}, ""};
}

std::string order(const std::vector<PluginRequest>& requests) {
    const auto set = load_plugins(requests);
    if (!set) {
        std::string text;
        for (const std::string& problem : set.error()) text += (text.empty() ? "" : "\n") + problem;
        return text;
    }
    std::string names;
    for (const Plugin& one : (*set)->plugins()) names += (names.empty() ? "" : " ") + one.manifest.name;
    return names;
}

} // namespace

TEST_CASE("plugins come in the order of their names, whoever listed them first") {
    CHECK(order({plugin("vote"), plugin("chat"), plugin("roles")}) == "chat roles vote");
    CHECK(order({}).empty());
}

TEST_CASE("whoever is required or named comes first, ties go by name") {
    CHECK(order({plugin("a", "requires = { z = '^1' }"), plugin("b"), plugin("z")}) == "b z a");
    CHECK(order({plugin("a", "after = { 'b' }"), plugin("b", "after = { 'c' }"), plugin("c")}) == "c b a");
    CHECK(order({plugin("a"), plugin("z", "before = { 'a' }")}) == "z a");
    // Absent ones do not matter to after and before.
    CHECK(order({plugin("a", "after = { 'nobody' }, before = { 'nobody' }"), plugin("b")}) == "a b");
    // The same in every order of listing.
    CHECK(order({plugin("z"), plugin("b"), plugin("a", "requires = { z = '^1' }")}) == "b z a");
}

TEST_CASE("a requirement that is missing or unsuitable is named with both sides") {
    CHECK(order({plugin("queue", "requires = { roles = '^1' }")}) ==
          "queue/plugin.lua: requires.roles: the plugin roles ^1 has to be listed beside queue");
    CHECK(order({plugin("queue", "requires = { role = '^1' }"), plugin("roles")}) ==
          "queue/plugin.lua: requires.role: the plugin role ^1 has to be listed beside queue; did you mean roles?");
    CHECK(order({plugin("queue", "requires = { roles = '^2' }"), plugin("roles", "", "1.4.0")}) ==
          "queue/plugin.lua: requires.roles: expected a version that \"^2\" allows, got 1.4.0 (roles/plugin.lua)");
    // Two that cannot both have their way: each is told.
    CHECK(order({plugin("a", "requires = { roles = '^2' }"), plugin("b", "requires = { roles = '~1.3' }"),
                 plugin("roles", "", "1.4.0")}) ==
          "a/plugin.lua: requires.roles: expected a version that \"^2\" allows, got 1.4.0 (roles/plugin.lua)\n"
          "b/plugin.lua: requires.roles: expected a version that \"~1.3\" allows, got 1.4.0 (roles/plugin.lua)");
}

TEST_CASE("a circle is named all the way round, and nothing but the circle") {
    CHECK(order({plugin("a", "after = { 'c' }"), plugin("b", "requires = { a = '^1' }"), plugin("c", "after = { 'b' }"),
                 plugin("d", "after = { 'a' }")}) ==
          "these plugins wait for each other: a comes after c, c comes after b, b requires a");
    CHECK(order({plugin("a", "before = { 'b' }"), plugin("b", "before = { 'a' }")}) ==
          "these plugins wait for each other: b comes before a, a comes before b");
    // Found from one that only waits for the circle.
    CHECK(order({plugin("a", "after = { 'x' }"), plugin("x", "after = { 'y' }"), plugin("y", "after = { 'x' }")}) ==
          "these plugins wait for each other: x comes after y, y comes after x");
}

TEST_CASE("a plugin whose folder is called differently, or that is listed twice, is refused") {
    PluginRequest moved = plugin("chat");
    moved.source.name = "talk";
    CHECK(order({moved}) == "chat/plugin.lua: name: expected \"talk\", as its folder is called, got \"chat\"");
    PluginRequest again = plugin("chat");
    again.settings_path = "config: plugins.chat";
    CHECK(order({plugin("chat"), again}) == "config: plugins.chat: the plugin chat is listed twice");
}

TEST_CASE("the mistakes of all plugins are told at once, manifest, settings and code") {
    PluginRequest one = plugin("one", "colour = 1");
    PluginRequest two = plugin("two", "settings = { n = { type = 'int', max = 5, default = 1 } }");
    two.settings = Value{Value::Map{{"n", Value{std::int64_t{6}}}}};
    PluginRequest three = plugin("three");
    three.source.code = "local x =\n= 1";
    const std::string text = order({one, two, three});
    CAPTURE(text);
    CHECK(text.find("one/plugin.lua: colour: there is no such key") != std::string::npos);
    CHECK(text.find("settings of two.n: expected an integer of at most 5, got 6") != std::string::npos);
    CHECK(text.find("three/init.lua:2: ") != std::string::npos);
}

TEST_CASE("a permission of another plugin has to be one that it has, and it has to be company") {
    const std::string command = "commands = { c = { permission = 'roles.kick' } }";
    const PluginRequest roles = plugin("roles", "permissions = { ['roles.kick'] = 'kick' }");
    CHECK(order({plugin("a", command + ", requires = { roles = '^1' }"), roles}) == "roles a");
    CHECK(order({plugin("a", command + ", after = { 'roles' }")}) == "a");
    CHECK(order({plugin("a", "commands = { c = { permission = 'playback.pause' } }")}) == "a");
    CHECK(order({plugin("a", command), roles}) ==
          "a/plugin.lua: commands.c.permission: expected a permission of this plugin, of the engine, or of one in "
          "`requires` or `after`, got \"roles.kick\"");
    CHECK(order({plugin("a", "after = { 'roles' }, commands = { c = { permission = 'roles.kcik' } }"), roles}) ==
          "a/plugin.lua: commands.c.permission: there is no \"roles.kcik\" in roles/plugin.lua; did you mean "
          "\"roles.kick\"?");
}

TEST_CASE("the hash is of manifest and code, and of nothing else") {
    const PluginSource source = plugin("chat").source;
    const std::string hash = code_hash(source);
    CHECK(hash.size() == 8);
    CHECK(hash.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(hash == "3582b48b"); // FNV-1a and fmix32 over both, each behind its length
    PluginSource other = source;
    other.test = "changed";
    other.code_path = "elsewhere";
    CHECK(code_hash(other) == hash);
    other.code += " ";
    CHECK(code_hash(other) != hash);
    other = source;
    other.manifest += " ";
    CHECK(code_hash(other) != hash);
    // What moves from one file to the other is a change too.
    other = source;
    other.code = other.manifest.back() + other.code;
    other.manifest.pop_back();
    CHECK(code_hash(other) != hash);
}

TEST_CASE("a set finds its plugins and has their complete settings and parsed code") {
    const auto set = load_plugins({plugin("chat", "settings = { keep = { type = 'int', default = 5 } }")});
    REQUIRE(set.has_value());
    const Plugin* chat = (*set)->find("chat");
    REQUIRE(chat != nullptr);
    CHECK(chat->settings == Value{Value::Map{{"keep", Value{std::int64_t{5}}}}});
    CHECK(chat->hash == code_hash(chat->source));
    REQUIRE(chat->chunk != nullptr);
    CHECK(chat->chunk->name() == "chat/init.lua");
    CHECK((*set)->find("queue") == nullptr);
    CHECK((*set)->size() == 1);
}

TEST_CASE("more plugins than a room may have are refused") {
    std::vector<PluginRequest> many;
    for (std::size_t i = 0; i <= PluginSet::plugins_max; ++i) many.push_back(plugin("p" + std::to_string(i)));
    CHECK(order(many) == "expected at most 32 plugins in a room, got 33");
}
