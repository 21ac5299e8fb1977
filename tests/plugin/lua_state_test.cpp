#include "plugin/lua_source.hpp"
#include "plugin/lua_state.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace playhead;

namespace {

// What the script returns, printed; or the error.
std::string outcome(std::string_view source, const LuaLimits& limits = {}) {
    const auto result = run_script(source, "test.lua", limits);
    return result ? to_lua(*result) : result.error().message;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("a script's result comes out as plain data") {
    CHECK(outcome("") == "nil");
    CHECK(outcome("return 7") == "7");
    CHECK(outcome("return 7.0") == "7.0");
    CHECK(outcome("return 'a' .. 1, 2") == "\"a1\"");
    CHECK(outcome("return {}") == "{}");
    CHECK(outcome("return {1, true, 'x'}") == "{\n  1,\n  true,\n  \"x\",\n}");
    CHECK(outcome("return {b = 1, a = {c = 2.5}}") == "{\n  a = {\n    c = 2.5,\n  },\n  b = 1,\n}");
    CHECK(outcome("\xef\xbb\xbfreturn 1") == "1");
}

TEST_CASE("keys come in byte order, in whatever order the script made them") {
    const std::string forward = outcome("local t = {} for i = 1, 200 do t['k' .. i] = i end return t");
    CHECK(forward == outcome("local t = {} for i = 200, 1, -1 do t['k' .. i] = i end return t"));
}

TEST_CASE("what is not data is refused by its path") {
    CHECK(outcome("return {a = {1, 2, {b = print or function() end}}}") ==
          "test.lua: a[3].b is or holds a function, which is not data");
    CHECK(outcome("return coroutine.create(function() end)") ==
          "test.lua: the result is or holds a thread, which is not data");
    CHECK(contains(outcome("return {1, 2, x = 3}"), "a list with the key x in it"));
    CHECK(contains(outcome("return {1, [2.5] = 3}"), "a list with other keys in it"));
    CHECK(contains(outcome("return {[2] = 3}"), "a key that is a number"));
    CHECK(contains(outcome("return {a = {[true] = 3}}"), "a is or holds a table with a key that is a boolean"));
    CHECK(contains(outcome("local t = {1, 2, 3, 4} t[2] = nil return t"), "a list with holes"));
    CHECK(contains(outcome("local t = {} t.t = t return t"), "nested deeper than 32"));
    CHECK(contains(outcome("local t = {} for i = 1, 300 do t[i] = {} for j = 1, 100 do t[i][j] = j end end return t"),
                   "more than 20000 values"));
}

TEST_CASE("metamethods are not asked when the result is read") {
    CHECK(outcome("return setmetatable({1}, {__index = error, __len = error, __pairs = error})") == "{\n  1,\n}");
}

TEST_CASE("errors say where") {
    CHECK(outcome("\n\nlocal x = nil + 1") == "test.lua:3: attempt to perform arithmetic on a nil value");
    CHECK(outcome("return {\n a = 1\n b = 2 }") == "test.lua:3: '}' expected (to close '{' at line 1) near 'b'");
    CHECK(outcome("error('own words')") == "test.lua:1: own words");
    CHECK(outcome("error('own words', 0)") == "test.lua: own words");
    CHECK(outcome("error({})") == "test.lua: the script raised table as an error");
    CHECK(outcome("error()") == "test.lua: the script raised nil as an error");
    CHECK(outcome("return undefined.field") == "test.lua:1: attempt to index a nil value (global 'undefined')");
    CHECK(run_script("error('x')", "test.lua").error().code == ErrorCode::malformed);
    const std::string long_name(200, 'd');
    CHECK(contains(run_script("error('x')", long_name + "/end.lua").error().message, "/end.lua:1: x"));
}

TEST_CASE("bytecode is refused") {
    CHECK(contains(outcome("\x1bLua and more"), "attempt to load a binary chunk"));
    CHECK(outcome("return string.dump") == "nil");
    CHECK(outcome("return load") == "nil");
}

TEST_CASE("there is no way out") {
    for (const char* name :
         {"io",          "os",          "debug",         "package",         "require",     "load",
          "loadstring",  "loadfile",    "dofile",        "collectgarbage",  "print",       "warn",
          "string.dump", "string.pack", "string.unpack", "string.packsize", "math.random", "math.randomseed",
          "math.sin",    "math.exp",    "math.log"}) {
        CAPTURE(name);
        CHECK(outcome(std::string{"return "} + name) == "nil");
    }
    CHECK(outcome("local n = 0 for _ in pairs(_G) do n = n + 1 end return n") == "1"); // itself
}

TEST_CASE("finalizers and weak tables are refused") {
    CHECK(contains(outcome("setmetatable({}, {__gc = function() end})"), "a metatable may not have __gc"));
    CHECK(contains(outcome("setmetatable({}, {__gc = true})"), "a metatable may not have __gc"));
    CHECK(contains(outcome("setmetatable({}, {__mode = 'k'})"), "a metatable may not have __mode"));
    // Not even by an __index that hands it in: only the metatable itself counts, for Lua and for us.
    CHECK(outcome("setmetatable({}, setmetatable({}, {__index = {__gc = 1}})) return 'harmless'") == "\"harmless\"");
}

TEST_CASE("metatables behave as in the manual otherwise") {
    CHECK(outcome("local c = {__index = {x = 5}} return setmetatable({}, c).x") == "5");
    CHECK(contains(outcome("setmetatable(setmetatable({}, {__metatable = 1}), {})"), "protected metatable"));
    CHECK(outcome("return getmetatable('')") == "false");
    CHECK(outcome("return ('x'):upper():rep(3, ',')") == "\"X,X,X\"");
    CHECK(contains(outcome("setmetatable(1, {})"), "table expected"));
    CHECK(contains(outcome("setmetatable({})"), "nil or table expected"));
}

TEST_CASE("pcall and xpcall behave as in the manual otherwise") {
    CHECK(outcome("return select('#', pcall(function(...) return ... end, 1, nil, 3))") == "4");
    CHECK(outcome("local ok, e = pcall(error, 'x') return {tostring(ok), e}") == "{\n  \"false\",\n  \"x\",\n}");
    CHECK(outcome("local ok, e = xpcall(error, function(m) return m .. '!' end, 'x') return e") == "\"x!\"");
    CHECK(outcome("local ok, a, b = xpcall(function(...) return ... end, error, 1, 2) return a + b") == "3");
    CHECK(outcome(
              "local co = coroutine.wrap(function() return pcall(function() coroutine.yield(1) error('x', 0) end) end)"
              " co() local ok, e = co() return e") == "\"x\"");
    CHECK(contains(outcome("xpcall(error, nil)"), "function expected"));
}

TEST_CASE("coroutines behave as in the manual otherwise") {
    CHECK(outcome("local co = coroutine.create(function(a) local b = coroutine.yield(a + 1) return a * b end)"
                  " local _, x = coroutine.resume(co, 4) local s = coroutine.status(co)"
                  " local _, y = coroutine.resume(co, 10)"
                  " return {x, s, y, coroutine.status(co), select(2, coroutine.resume(co))}") ==
          "{\n  5,\n  \"suspended\",\n  40,\n  \"dead\",\n  \"cannot resume dead coroutine\",\n}");
    CHECK(outcome("local n = 0 for v in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) do"
                  " n = n + v end return n") == "6");
    CHECK(outcome("return coroutine.isyieldable()") == "false");
    CHECK(outcome("local co, main = coroutine.running() return {coroutine.status(co), main}") ==
          "{\n  \"running\",\n  true,\n}");
    CHECK(contains(outcome("coroutine.wrap(function() error('x') end)()"), "test.lua:1: x"));
    CHECK(contains(outcome("coroutine.resume(1)"), "coroutine expected"));
    CHECK(contains(outcome("coroutine.yield()"), "outside a coroutine"));
}

TEST_CASE("the table functions behave as in the manual on tables without metamethods") {
    CHECK(outcome("local t = {1, 2} table.insert(t, 3) table.insert(t, 1, 0) return table.concat(t, ' ')") ==
          "\"0 1 2 3\"");
    CHECK(outcome("local t = {1, 2, 3} local a, b = table.remove(t, 1), table.remove(t) return {a, b, #t}") ==
          "{\n  1,\n  3,\n  1,\n}");
    CHECK(outcome("return table.remove({})") == "nil");
    CHECK(outcome("return table.concat({1, 2.5, 'x'}, '-', 2, 3)") == "\"2.5-x\"");
    CHECK(outcome("return table.concat({}, 'x')") == "\"\"");
    CHECK(outcome("return table.concat({'a'}, 'x', math.maxinteger, math.maxinteger - 1)") == "\"\"");
    CHECK(outcome("return select('#', table.unpack({1, nil, 3}, 1, 3))") == "3");
    CHECK(outcome("return table.pack(nil, nil).n") == "2");
    CHECK(outcome("return table.move({1, 2, 3}, 1, 3, 2)") == "{\n  1,\n  1,\n  2,\n  3,\n}");
    CHECK(outcome("return table.move({1, 2, 3}, 2, 3, 1)") == "{\n  2,\n  3,\n  3,\n}");
    CHECK(outcome("return table.move({1, 2}, 1, 2, 1, {})") == "{\n  1,\n  2,\n}");
    CHECK(contains(outcome("table.insert({1}, 5, 1)"), "position out of bounds"));
    CHECK(contains(outcome("table.insert({1}, 1)  table.insert({1})"), "expected insert(list, [position,] value)"));
    CHECK(contains(outcome("table.remove({1}, 3)"), "position out of bounds"));
    CHECK(contains(outcome("table.concat({1, {}, 3})"), "value at index 2 is a table"));
    CHECK(contains(outcome("table.concat(1)"), "table expected"));
    CHECK(contains(outcome("table.move({}, 1, 10, math.maxinteger)"), "wraps around"));
}

TEST_CASE("sort is stable, and needs no sense from its comparison") {
    CHECK(outcome("local t = {3, 1, 2, 5, 4, 9, 7, 8, 6} table.sort(t) return table.concat(t)") == "\"123456789\"");
    CHECK(outcome("local t = {'b', 'a', 'c'} table.sort(t, function(a, b) return a > b end) return table.concat(t)") ==
          "\"cba\"");
    CHECK(outcome("local t = {} for i = 1, 100 do t[i] = {k = i % 3, i = i} end"
                  " table.sort(t, function(a, b) return a.k < b.k end)"
                  " for i = 2, 100 do assert(t[i-1].k < t[i].k or t[i-1].k == t[i].k and t[i-1].i < t[i].i) end"
                  " return true") == "true");
    CHECK(
        outcome("local t = {3, 1, 2} table.sort(t, function() return true end) table.sort(t) return table.concat(t)") ==
        "\"123\"");
    CHECK(outcome("local t = {3, 1, 2} table.sort(t, function(a, b) t[1] = nil t[2] = nil return a < b end)"
                  " return table.concat(t)") == "\"123\"");
    CHECK(contains(outcome("table.sort({1, 'x'})"), "attempt to compare"));
    CHECK(outcome("table.sort({}) table.sort({1}) return 1") == "1");
}

TEST_CASE("one state runs several scripts, which share their globals") {
    LuaState state{{}};
    CHECK(state.run("x = 5", "one").has_value());
    CHECK(*state.run("return x", "two") == Value{std::int64_t{5}});
    CHECK_FALSE(state.run("return x.y.z", "three").has_value());
    CHECK(state.run("return x", "four").has_value());
}
