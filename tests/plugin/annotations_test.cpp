#include "plugin/annotations.hpp"
#include "plugin/lua_state.hpp"

#include <doctest/doctest.h>

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
    CHECK(contains(text, "---@field push fun(self: playhead.chat.shared.log, value: { from: playhead.ViewerId, text: "
                         "string? }): integer"));
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
