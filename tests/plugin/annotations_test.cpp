#include "plugin/annotations.hpp"
#include "plugin/lua_state.hpp"
#include "plugin/test_runner.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <string>

using namespace playhead;

namespace {

std::string stub(const std::string& rest) {
    const auto read =
        read_manifest("return { name = 'chat', version = '1.0.0', api = 1, " + rest + " }", "plugins/chat/plugin.lua");
    if (!read) FAIL(read.error().front());
    return annotations(read->manifest, "plugins/chat/plugin.lua");
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("the stubs are Lua") {
    const auto api = run_script(api_annotations(), "playhead.lua");
    CHECK_MESSAGE(api.has_value(), (api ? std::string{} : api.error().message));
    const std::string text = stub(R"(shared = { log = { kind = "ring", size = 5, of = "text" } },
        settings = { keep = { type = "int", default = 1, description = "two\nlines" } },
        commands = { say = { args = { text = "text" } } }, signals = { typing = {} }, events = { e = { of = "int" } },
        topics = { ["chat.text"] = "text" }, requires = { roles = "^1" })");
    const auto own = run_script(text, "chat.lua");
    CHECK_MESSAGE(own.has_value(), (own ? text : own.error().message));
}

TEST_CASE("what the stub of the API promises is there when a plugin runs") {
    std::string of_plugin;
    std::string of_room;
    std::size_t count = 0;
    std::istringstream lines{std::string{api_annotations()}};
    bool in_room = false;
    for (std::string line; std::getline(lines, line); ++count) {
        if (line.starts_with("---@class ")) in_room = line == "---@class playhead.Room";
        const auto name = [&line](std::size_t from) {
            return line.substr(from, line.find_first_of("( ", from) - from);
        };
        if (line.starts_with("function P")) of_plugin += "assert(P." + name(11) + ", '" + name(11) + "')\n";
        if (line.starts_with("function room:")) of_room += "assert(room." + name(14) + ", '" + name(14) + "')\n";
        // A room refuses to be asked for a field that it does not have.
        if (in_room && line.starts_with("---@field ")) of_room += "local _ = room." + name(10) + "\n";
    }
    CHECK(count > 200);
    const PluginSource probe{
        .name = "probe",
        .manifest = "return { name = 'probe', version = '1.0.0', api = 1, commands = { look = {} } }",
        .code = "local P = ...\n" + of_plugin + "P:command('look', function(room)\n" + of_room + "end)\n",
        .test = "local T = ...\nT.test('looks', function()\n"
                "T.ok(T.room{ plugins = { probe = {} } }:join{ name = 'A' }:command('probe', 'look'))"
                "\nend)",
        .manifest_path = "probe/plugin.lua",
        .code_path = "probe/init.lua",
        .test_path = "probe/test.lua"};
    const auto report =
        run_plugin_tests(probe, [](std::string_view) { return std::unexpected(std::string{"there is no other"}); });
    INFO(report.text);
    CHECK(report.passed == 1);
    CHECK(report.failed == 0);
}

TEST_CASE("each kind of field has the type that completes it") {
    const std::string text = stub(R"(shared = {
        host = { kind = "value", of = "viewer?", description = "who holds it" }, n = { kind = "counter" },
        seats = { kind = "map", key = "viewer", of = "number" }, muted = { kind = "set", key = "text" },
        log = { kind = "ring", size = 5, of = { type = "record", fields = { from = "viewer", text = "text?" } } },
        items = { kind = "list", of = { type = "one_of", values = { "a", "b" } } } },
      saved = { n = { kind = "counter" } })");
    CHECK(contains(text, "---@class playhead.chat : playhead.Plugin\n"));
    CHECK(contains(text, "---@field shared playhead.chat.shared\n"));
    CHECK(contains(text, "---@field host playhead.ViewerId? who holds it\n"));
    CHECK(contains(text, "---@field n playhead.Counter\n"));
    CHECK(contains(text, "---@field seats table<playhead.ViewerId, number>\n"));
    CHECK(contains(text, "---@field muted table<string, true?>\n"));
    CHECK(contains(text, "---@field log playhead.chat.shared.log\n"));
    CHECK(contains(text, "---@class playhead.chat.shared.log.entry\n---@field from playhead.ViewerId\n---@field text "
                         "string?\n"));
    CHECK(contains(text, "---@field push fun(self: playhead.chat.shared.log, value: playhead.chat.shared.log.entry): "
                         "integer"));
    CHECK(contains(text,
                   "---@field add fun(self: playhead.chat.shared.items, value: (\"a\"|\"b\"), position?: integer): "
                   "integer"));
    CHECK(contains(text, "---@class playhead.chat.saved\n---@field n playhead.Counter\n"));
}

TEST_CASE("commands, signals, events, topics and neighbours are told apart by their names") {
    const std::string text = stub(R"(requires = { roles = "^1" }, after = { "queue" },
        commands = { say = { args = { text = "text:1..5", to = "viewer?" }, description = "says it" }, clear = {} },
        signals = { typing = { args = { on = "bool" } } }, events = { burst = { of = "int" } },
        topics = { ["chat.text"] = "text" })");
    CHECK(contains(text, "---@class playhead.chat.command.say : playhead.Call\n---@field args { text: string, to: "
                         "playhead.ViewerId? }\n"));
    CHECK(contains(text, "--- say: says it\n---@overload fun(self: playhead.chat, name: \"say\", hook: fun(room: "
                         "playhead.Room, call: playhead.chat.command.say)"));
    CHECK(contains(text, "name: \"typing\", hook: fun(room: playhead.Room, call: playhead.chat.signal.typing))"));
    CHECK(contains(text, "event: \"burst\", data: integer, viewer?: playhead.ViewerId)"));
    CHECK(contains(text, "topic: \"chat.text\", value: string, ask?: playhead.Ask): string"));
    CHECK(contains(text, "plugin: \"roles\"): playhead.roles.shared?"));
    CHECK(contains(text, "plugin: \"queue\"): playhead.queue.shared?"));
}

TEST_CASE("settings say their bounds and defaults") {
    const std::string text =
        stub("settings = { keep = { type = 'int', min = 1, max = 9, default = 3, description = 'lines kept' } }");
    CHECK(contains(text, "---@field keep integer lines kept; an integer from 1 to 9, by default 3\n"));
}
