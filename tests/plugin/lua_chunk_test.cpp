#include "plugin/lua_chunk.hpp"
#include "plugin/lua_sandbox.hpp"

#include <doctest/doctest.h>
#include <lua.hpp>

#include <string>

using namespace playhead;

namespace {

std::string refusal(std::string_view source) {
    const auto chunk = lua::compile(source, "chat/init.lua");
    REQUIRE_FALSE(chunk.has_value());
    return chunk.error().message;
}

bool compiles(std::string_view source) { return lua::compile(source, "chat/init.lua").has_value(); }

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("a chunk is read once and runs in many states, with the names and lines of its source") {
    const auto chunk = lua::compile("\xef\xbb\xbfn = (n or 0) + 1\nif n == 2 then error('twice') end", "chat/init.lua");
    REQUIRE(chunk.has_value());
    CHECK(chunk->name() == "chat/init.lua");
    for (int i = 0; i < 2; ++i) {
        lua::Sandbox sandbox{lua::plugin_limits};
        const lua::Called called = sandbox.call([&](lua_State* state) {
            lua::push_environment(state);
            lua::push_chunk(state, *chunk, 1);
            lua_pushvalue(state, -1);
            lua_call(state, 0, 0);
            lua_call(state, 0, 0);
        });
        CHECK(called.failure.value_or(lua::Failure{}).message == "chat/init.lua:2: twice");
    }
}

TEST_CASE("mistakes are told by file and line") {
    CHECK(refusal("local x = \n\nlocal y") == "chat/init.lua:3: unexpected symbol near 'local'");
    CHECK(contains(refusal("\x1bLua"), "attempt to load a binary chunk"));
    CHECK(contains(refusal(std::string(300'000, ' ')), "chat/init.lua: the script has 300000 bytes"));
    CHECK(contains(refusal("return " + std::string(5000, '{') + std::string(5000, '}')), "overflow"));
}

TEST_CASE("the operator ^ is refused wherever it is one") {
    CHECK(contains(refusal("local x = 1\nlocal y = x ^ 2"), "chat/init.lua:2: the operator ^ is left out"));
    CHECK(contains(refusal("--[[\n\n]] return 2^3"), "chat/init.lua:3: "));
    CHECK(contains(refusal("local s = [==[ ]] \n]==] .. 2^3"), "chat/init.lua:2: "));
    CHECK(contains(refusal("local s = 'a\\\nb' .. \"\\\"\" .. 2^3"), "chat/init.lua:2: "));
    CHECK(compiles("return ('x'):find('^x'), \"^\", [[^]], [=[ ^ ]] ]=] -- ^\n--[[ ^ ]] --[==[ ]] ^ ]==]"));
    CHECK(compiles("local t = {'^'} return t[1], t['^'], '\\'^', '\\\\', '\\z\n ^'"));
    CHECK_FALSE(compiles("return '^")); // Lua's own mistakes are Lua's to tell
    CHECK_FALSE(compiles("--[[ ^"));
}

TEST_CASE("at most fifty texts are joined in a row") {
    const auto joined = [](int count) {
        std::string source = "local a = 'x' return a";
        for (int i = 0; i < count; ++i) source += " .. a";
        return source;
    };
    CHECK(compiles(joined(50)));
    CHECK(contains(refusal(joined(51)), "chat/init.lua:1: more than 50 texts in a row joined by .."));
    std::string apart = "local a, t = 'x', {} local function f(x) return x end\n";
    for (int i = 0; i < 200; ++i) apart += "t[#t + 1] = f(a .. 1 .. a) .. a f(a .. a) t.x, t.y = a .. a, a .. '...'\n";
    for (int i = 0; i < 100; ++i) apart += "if a .. a == a .. 1.5 then f(...) end local _ = {a .. a; a .. a}\n";
    CHECK(compiles(apart));
}
