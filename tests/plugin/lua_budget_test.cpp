#include "plugin/lua_state.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

// Scripts that try to run for ever or to fill the memory. Each must end by itself, with the limit named: a test here
// that does not end is a hole.
using namespace playhead;

namespace {

constexpr LuaLimits small{.instructions_max = 50'000};

std::string refusal(std::string_view source, const LuaLimits& limits = small) {
    const auto result = run_script(source, "test.lua", limits);
    REQUIRE_FALSE(result.has_value());
    return result.error().message;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

void ends_by_budget(const std::string& source) {
    CAPTURE(source);
    CHECK(contains(refusal(source), "has used up its 50000 instructions"));
}

void ends_by_memory(const std::string& source, LuaLimits limits = {}) {
    CAPTURE(source);
    CHECK(contains(refusal(source, limits), "needs more memory than it may have"));
}

} // namespace

TEST_CASE("a loop ends at its line") {
    CHECK(refusal("local n = 0\nwhile true do\n n = n + 1\nend") ==
          "test.lua:3: the script has used up its 50000 instructions: does it loop for ever?");
    CHECK(run_script("while true do end", "test.lua").error().code == ErrorCode::too_large);
    ends_by_budget("repeat until false");
    ends_by_budget("::again:: goto again");
    ends_by_budget("for i = 1, math.huge do end");
    ends_by_budget("local function f() return f() end f()");
    ends_by_budget("for _ in function() return 1 end do end");
}

TEST_CASE("work within the budget is not disturbed, and each run has a fresh budget") {
    LuaState state{small};
    for (int i = 0; i < 20; ++i) {
        CHECK(state.run("local n = 0 for i = 1, 5000 do n = n + i end return n", "ok").has_value());
        CHECK(state.instructions_used() > 4000);
        CHECK(state.instructions_used() < 50'000);
    }
    CHECK_FALSE(state.run("while true do end", "bad").has_value());
    CHECK(state.run("return 1", "again").has_value());
}

TEST_CASE("nothing that catches errors catches the end of the budget") {
    ends_by_budget("while true do pcall(function() while true do end end) end");
    ends_by_budget("pcall(function() while true do end end) return 'survived'");
    ends_by_budget("pcall(pcall, function() while true do end end) return 'survived'");
    ends_by_budget("xpcall(function() while true do end end, function() end) return 'survived'");
    ends_by_budget("while true do xpcall(function() while true do end end, function(m) return m end) end");
    ends_by_budget("select(1, pcall(error)) pcall(function() for i = 1, 1e9 do end end) return {}");
}

TEST_CASE("an error handler that loops is ended") {
    // The count hook is off while its own error is being handled: Lua's xpcall would hang here for ever.
    ends_by_budget("xpcall(function() while true do end end, function() while true do end end)");
    ends_by_budget("xpcall(error, function() while true do end end)");
    ends_by_budget(
        "xpcall(function() xpcall(error, function() while true do end end) end, function() while true do end end)");
    ends_by_budget("xpcall(function() local t <close> = setmetatable({}, {__close = function() while true do end end})"
                   " error('x') end, function() while true do end end)");
}

TEST_CASE("coroutines are within the budget of the script") {
    ends_by_budget("coroutine.wrap(function() while true do end end)()");
    ends_by_budget("coroutine.resume(coroutine.create(function() while true do end end)) return 'survived'");
    ends_by_budget(
        "local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end");
    // Each ends before the count hook would look at it for the first time.
    ends_by_budget("while true do coroutine.wrap(function() for i = 1, 200 do end end)() end");
    ends_by_budget("local function f() return coroutine.wrap(f)() end f()");
    ends_by_budget("while true do pcall(coroutine.wrap(function() while true do end end)) end");
    ends_by_budget("local function f() pcall(coroutine.wrap(function() pcall(f) while true do end end)) end f()");
    ends_by_budget(
        "coroutine.wrap(function() xpcall(function() while true do end end, function() while true do end end) end)()");
}

TEST_CASE("there are no closing variables to run while an error passes by") {
    const std::string refused = "a metatable may not have __close";
    const std::string loops = "{__close = function() while true do end end}";
    CHECK(contains(refusal("local t <close> = setmetatable({}, " + loops + ")"), refused));
    CHECK(contains(refusal("coroutine.wrap(function() local t <close> = setmetatable({}, " + loops + ") end)()"),
                   refused));
    CHECK(contains(refusal("local m = {} local t = setmetatable({}, m) m.__close = function() end local c <close> = t"),
                   "variable 'c' got a non-closable value"));
    CHECK(run_script("local nothing <close> = nil local no <close> = false return 1", "t").has_value());
}

TEST_CASE("metamethods are within the budget") {
    ends_by_budget("local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) while true do "
                   "pcall(function() return t[1] end) end");
    ends_by_budget("return setmetatable({}, {__index = function() while true do end end}).x");
    ends_by_budget("return setmetatable({}, {__eq = function() while true do end end}) == setmetatable({}, {})");
    ends_by_budget("return setmetatable({}, {__lt = function() while true do end end}) < {}");
    ends_by_budget("return setmetatable({}, {__concat = function() while true do end end}) .. 'x'");
    ends_by_budget("return tostring(setmetatable({}, {__tostring = function() while true do end end}))");
    ends_by_budget("for _ in pairs(setmetatable({}, {__pairs = function() while true do end end})) do end");
    ends_by_budget("string.format('%s', setmetatable({}, {__tostring = function() while true do end end}))");
    // A chain as long as may be.
    ends_by_budget(
        "local t = {} for i = 1, 16 do t = setmetatable({}, {__index = t}) end while true do local _ = t.x end");
}

TEST_CASE("loops inside library functions are within the budget") {
    ends_by_budget("table.sort({3, 2, 1}, function() while true do end end)");
    ends_by_budget("local t = {} for i = 1, 1000 do t[i] = i end while true do table.sort(t) end");
    ends_by_budget("local t = {} for i = 1, 1000 do t[i] = i end while true do table.sort(t, rawequal) end");
    ends_by_budget("table.move({}, 1, 1e15, 2)");
    ends_by_budget("table.move({}, 1, math.maxinteger, 1, {})");
    ends_by_budget("table.move({}, math.mininteger, math.maxinteger, 1)");
    ends_by_budget("local t = {} for i = 1, 1000 do t[i] = 'x' end while true do table.concat(t) end");
    ends_by_budget("local t = {} for i = 1, 1000 do t[i] = i end while true do table.insert(t, 1, 0) end");
    ends_by_budget(
        "local t = {} for i = 1, 1000 do t[i] = i end while true do table.insert(t, 1, 0) table.remove(t, 1) end");
    ends_by_budget("while true do table.unpack({}, 1, 200) end");
    ends_by_budget("table.unpack({}, 1, 1e8)");
    ends_by_budget("while true do ('x'):rep(1000) end");
    ends_by_budget("local a, b = ('x'):rep(30000), ('x'):rep(30000) .. 'y' while true do local _ = a < b end");
}

TEST_CASE("a length that lies is not believed") {
    const std::string liar = "local t = setmetatable({}, {__len = function() return 1e18 // 1 | 0 end,"
                             " __index = function() return 1 end}) ";
    CHECK(run_script(liar + "table.insert(t, 1, 5) return #t == 1e18 and rawlen(t)", "t", small).has_value());
    CHECK(run_script(liar + "return table.remove(t)", "t", small).has_value());
    CHECK(run_script(liar + "return table.concat(t)", "t", small).has_value());
    CHECK(run_script(liar + "table.sort(t) return 1", "t", small).has_value());
    CHECK(run_script(liar + "return table.unpack(t)", "t", small).has_value());
}

TEST_CASE("memory is capped in all, by block and by string") {
    ends_by_memory("local t = {} for i = 1, 1e7 do t[i] = i end", {.instructions_max = 10'000'000});
    ends_by_memory("local t = {} while true do t = {t} end", {.instructions_max = 100'000'000});
    ends_by_memory("local s = 'x' while true do s = s .. s end");
    ends_by_memory("local t = {} for i = 1, 1e6 do t[i] = ('x'):rep(30000) .. i end",
                   {.instructions_max = 100'000'000});
    CHECK(contains(refusal("return string.format('%s%s', ('x'):rep(30000), ('x'):rep(30000))", {}),
                   "string.format would make more than 32768 bytes"));
    CHECK(contains(refusal("local t = {} for i = 1, 100 do t[i] = ('x'):rep(1000) end return table.concat(t)", {}),
                   "table.concat would make more than 32768 bytes"));
    CHECK(contains(refusal("return (('x'):rep(1000):gsub('x', ('x'):rep(1000)))"),
                   "string.gsub would make more than 32768 bytes"));
    ends_by_memory("local t = {} for i = 1, 1e6 do t[i * 1.5] = i end", {.instructions_max = 10'000'000});
    ends_by_memory("local t = {} for i = 1, 1e6 do t[i] = {} end",
                   {.blocks_max = 1000, .instructions_max = 10'000'000});
    ends_by_memory("local function f(...) return f(1, ...) end f()", {.instructions_max = 100'000'000});
    ends_by_memory("local function f() return 1 + f() end f()", {.memory_bytes_max = 100'000});
    // The parser's memory counts too.
    ends_by_memory("return '" + std::string(40'000, 'x') + "'");
    std::string constants = "return {";
    for (int i = 0; i < 5000; ++i) constants += "'k" + std::to_string(i) + "',";
    ends_by_memory(constants + "}", {.memory_bytes_max = 60'000});
}

TEST_CASE("a small state cannot be made, and says so") {
    const auto result = run_script("return 1", "test.lua", {.memory_bytes_max = 3000});
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().message == "test.lua: 3000 bytes are not enough for an empty interpreter");
    for (std::size_t bytes = 4000; bytes < 40'000; bytes += 97) {
        const auto tight = run_script("return {('x'):rep(10)}", "test.lua", {.memory_bytes_max = bytes});
        CHECK((tight.has_value() || tight.error().code == ErrorCode::too_large));
    }
}

TEST_CASE("a script that catches the lack of memory pays for each collection it causes") {
    ends_by_budget("while true do pcall(function() local s = ('x'):rep(30000) s = s .. s end) end");
    ends_by_budget("local t = {} while true do pcall(function() while true do t[#t + 1] = {} end end) end");
    CHECK(contains(refusal("while true do pcall(string.rep, 'x', 1e15) end"), "instructions"));
}

TEST_CASE("a refused allocation costs as much as the collection it causes") {
    LuaState state{{.instructions_max = 5'000'000}};
    REQUIRE(state.run("t = {} for i = 1, 110 do t[i] = ('x'):rep(32000) .. i end n = 0", "fill").has_value());
    CHECK(state.memory_bytes() > 3'000'000);
    const char* bomb = "local s = ('x'):rep(30000) while true do pcall(function() return s .. s end) n = n + 1 end";
    CHECK_FALSE(state.run(bomb, "bomb").has_value());
    CHECK(*state.run("return n < 30", "count") == Value{true});
}

TEST_CASE("string.rep says what it would make before it makes it") {
    CHECK(contains(refusal("return ('x'):rep(1e9 // 1 | 0)"), "string.rep would make more than 32768 bytes"));
    CHECK(contains(refusal("return ('x'):rep(math.maxinteger)"), "string.rep would make more than"));
    CHECK(contains(refusal("return (''):rep(math.maxinteger, 'ab')"), "string.rep would make more than"));
    CHECK(run_script("return #('x'):rep(32768), (''):rep(math.maxinteger), ('x'):rep(-5)", "t").has_value());
    CHECK_FALSE(run_script("return ('x'):rep(32769)", "t").has_value());
    CHECK(*run_script("return ('ab'):rep(3, '--')", "t") == Value{std::string{"ab--ab--ab"}});
    CHECK(*run_script("return ('a'):rep(1, ('-'):rep(32768))", "t") == Value{std::string{"a"}});
}

TEST_CASE("endless recursion ends, in Lua, in C and in the parser") {
    CHECK(contains(refusal("local function f() return 1 + f() end f()", {}), ""));
    CHECK(contains(
        refusal(
            "local m = {} m.__index = function(t, k) return setmetatable({}, m)[k] end return setmetatable({}, m).x",
            {}),
        "overflow"));
    CHECK(contains(refusal("return " + std::string(5000, '(') + "1" + std::string(5000, ')')), "overflow"));
    CHECK(contains(refusal("return " + std::string(5000, '{') + std::string(5000, '}')), "overflow"));
    CHECK(contains(refusal("local function f() string.format('%s', setmetatable({}, {__tostring = f})) end f()"),
                   "overflow"));
}

TEST_CASE("a source that is too long is not read") {
    CHECK(refusal(std::string(300'000, ' ')) == "test.lua: the script has 300000 bytes; at most 262144 are read");
}

TEST_CASE("everything a state took is given back") {
    LuaState state{{}};
    const std::size_t before = state.memory_bytes();
    CHECK(before > 1000);
    CHECK(before < 20'000);
    for (int i = 0; i < 50; ++i)
        CHECK_FALSE(state.run("local s = 'x' while true do s = s .. s end", "bomb").has_value());
    CHECK(state.memory_bytes() < 1'000'000);
}

TEST_CASE("the same script ends at the same place with the same use, every time") {
    const char* source = "local t = {}\nfor i = 1, 1e9 do\n t[i % 100] = 'k' .. i\n table.sort({i, 2, 1})\nend";
    LuaState one{small};
    LuaState two{small};
    const auto first = one.run(source, "s");
    CHECK(first == two.run(source, "s"));
    CHECK(one.instructions_used() == two.instructions_used());
}

// Each interpreter hashes texts in its own way, and so has its own order of the keys of a table.
TEST_CASE("what going through a table costs is the same in every interpreter") {
    constexpr const char* source = R"(
        local seen = ""
        for round = 1, 20 do
            local t = { [round] = 1, [true] = 2 }
            for _, key in ipairs({ "roles.kick", "chat.say", "queue.add", "react" }) do t[key] = 0 end
            for key in pairs(t) do seen = seen .. tostring(key) .. " " end
            for key in pairs({ here = 1, away = 2 }) do seen = seen .. key .. " " end
        end
        return seen)";
    std::vector<std::unique_ptr<LuaState>> states; // side by side: at one address they would be alike
    std::set<std::int64_t> costs;
    std::set<std::size_t> memory;
    for (int i = 0; i < 40; ++i) {
        const auto& state = states.emplace_back(std::make_unique<LuaState>(LuaLimits{}));
        const auto seen = state->run(source, "test.lua");
        REQUIRE(seen.has_value());
        CHECK(seen->get_if<std::string>()->starts_with("1 chat.say queue.add react roles.kick true away here 2 chat"));
        costs.insert(state->instructions_used());
        memory.insert(state->memory_bytes());
    }
    CHECK(costs.size() == 1);
    CHECK(memory.size() == 1);
}
