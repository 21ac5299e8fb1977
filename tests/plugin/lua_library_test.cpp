#include "plugin/lua_source.hpp"
#include "plugin/lua_state.hpp"

#include <doctest/doctest.h>
#include <lua.hpp>

#include <array>
#include <initializer_list>
#include <random>
#include <string>

using namespace playhead;

namespace {

std::string outcome(std::string_view source) {
    const auto result = run_script(source, "t");
    return result ? to_lua(*result) : result.error().message;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// Lua as it is, to compare with.
class StockLua {
  public:
    StockLua() : state_(luaL_newstate()) { luaL_openlibs(state_); }
    ~StockLua() { lua_close(state_); }
    StockLua(const StockLua&) = delete;
    StockLua& operator=(const StockLua&) = delete;

    std::string outcome(const std::string& source) {
        lua_settop(state_, 0);
        luaL_loadbuffer(state_, source.data(), source.size(), "@t");
        lua_pcall(state_, 0, 1, 0);
        std::size_t size = 0;
        const char* text = luaL_tolstring(state_, -1, &size);
        return quote_lua({text, size});
    }

  private:
    lua_State* state_;
};

// What a call comes to, as one text.
constexpr const char* show = "local function show(...) local r = {}"
                             " for i = 1, select('#', ...) do r[i] = tostring((select(i, ...))) end"
                             " return table.concat(r, '|') end ";

using Random = std::mt19937;

template <std::size_t Size>
std::string pick(Random& random, const std::array<const char*, Size>& from) {
    return from[random() % Size];
}

std::string join(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts) text += part;
    return text;
}

std::string random_number(Random& random, int least, int most) {
    return std::to_string(static_cast<int>(random() % static_cast<unsigned>(most - least + 1)) + least);
}

std::string random_text(Random& random, std::size_t most) {
    constexpr std::array<const char*, 10> parts{"a", "b", "aa", "(", ")", " ", "1", "-", "\xc3\xa9", "Z"};
    std::string text;
    for (std::size_t i = random() % (most + 1); i > 0; --i) text += pick(random, parts);
    return text;
}

std::string random_pattern(Random& random) {
    constexpr std::array<const char*, 30> parts{
        "a", "b",  ".",    "%a",     "%d", "%s", "%w", "%p", "%l", "%A", "[ab]", "[^a]", "[a-c%d]", "[]]", "(",
        ")", "()", "%b()", "%f[%w]", "%1", "%2", "^",  "$",  "%",  "[",  "[^]",  "%%",   "-",       "%x",  "%g"};
    constexpr std::array<const char*, 8> repeats{"", "", "", "", "*", "+", "-", "?"};
    std::string pattern = random() % 4 == 0 ? "^" : "";
    for (std::size_t i = random() % 6; i > 0; --i) pattern += pick(random, parts) + pick(random, repeats);
    if (random() % 6 == 0) pattern += "$";
    return pattern;
}

} // namespace

TEST_CASE("pairs goes by the order of keys: numbers, text in byte order, booleans") {
    CHECK(
        outcome("local s = {} for k, v in pairs({b = 1, a = 2, [10] = 3, [-1] = 4, [2.5] = 5, [true] = 6, [false] = 7,"
                " 'x', B = 8, ['a b'] = 9, [1e300] = 10, [math.mininteger] = 11}) do s[#s + 1] = tostring(k) end"
                " return table.concat(s, ' ')") == "\"-9223372036854775808 -1 1 2.5 10 1e+300 B a a b b false true\"");
    CHECK(outcome("local s = '' for k in pairs({['\\0'] = 1, ['\\0a'] = 1, [''] = 1, ['\\xff'] = 1, z = 1}) do"
                  " s = s .. #k end return s") == "\"01211\"");
    CHECK(outcome("local m = 1 << 53 local s = '' for k in pairs({[m + 1] = 1, [m * 1.0] = 1, [m + 2.0] = 1,"
                  " [-m - 1] = 1, [-m * 4096.0] = 1}) do s = s .. ' ' .. k end return s") ==
          "\" -3.6893488147419e+19 -9007199254740993 9007199254740992 9007199254740993 9007199254740994\"");
}

TEST_CASE("next goes in the same order") {
    CHECK(outcome("local t, s = {c = 1, a = 2, 5, b = 3, [0] = 1}, '' for k in next, t do s = s .. k end return s") ==
          "\"01abc\"");
    CHECK(outcome("return next({})") == "nil");
    CHECK(outcome("return select('#', next({}))") == "1");
    CHECK(outcome("return {next({7})}") == "{\n  1,\n  7,\n}");
    CHECK(outcome("return next({a = 1, c = 2}, 'b')") == "\"c\"");
}

TEST_CASE("a table may be changed while it is gone through") {
    CHECK(outcome("local t, n = {}, 0 for i = 1, 100 do t['k' .. i] = i end"
                  " for k in pairs(t) do t[k] = nil t[k .. 'x'] = 1 n = n + 1 end return n") == "100");
    CHECK(outcome("local t, s = {a = 1, b = 2, c = 3}, '' for k, v in pairs(t) do s = s .. k .. v t.b = nil t.c = 9 end"
                  " return s") == "\"a1c9\"");
}

TEST_CASE("objects as keys can be used, but not gone through") {
    CHECK(outcome("local k = {} local t = {[k] = 5} return t[k]") == "5");
    CHECK(
        contains(outcome("for _ in pairs({[{}] = 1}) do end"), "a table with a table as a key cannot be gone through"));
    CHECK(contains(outcome("for _ in pairs({[print or error] = 1}) do end"), "with a function as a key"));
    CHECK(contains(outcome("next({[coroutine.running()] = 1})"), "with a thread as a key"));
}

TEST_CASE("pairs asks __pairs") {
    CHECK(
        outcome("local t = setmetatable({}, {__pairs = function(t) return function(_, k) if not k then return 1, 2 end"
                " end, t end}) for k, v in pairs(t) do return k + v end") == "3");
    CHECK(contains(outcome("pairs(5)"), "table expected"));
}

TEST_CASE("a metatable counts as it was when it was set") {
    CHECK(outcome("local m = {__index = {x = 1}} local t = setmetatable({}, m) m.__index = {x = 2} return t.x") == "1");
    CHECK(outcome("local m = {__index = {x = 1}} local t = setmetatable({}, m) m.__index = {x = 2} setmetatable(t, m)"
                  " return t.x") == "2");
    CHECK(outcome("local m = {} return getmetatable(setmetatable({}, m)) == m") == "true");
    CHECK(outcome("local m = {} setmetatable({}, m) return next(m)") == "nil");
    CHECK(outcome("local m = {a = 1} setmetatable({}, m) return m") == "{\n  a = 1,\n}");
    CHECK(outcome("return getmetatable(setmetatable({}, {__metatable = 'mine'}))") == "\"mine\"");
    CHECK(outcome("local t = setmetatable({}, {}) setmetatable(t, nil) return getmetatable(t)") == "nil");
}

TEST_CASE("classes work as people write them") {
    CHECK(outcome("local A = {} A.__index = A function A.new(x) return setmetatable({x = x}, A) end"
                  " function A:get() return self.x end"
                  " local B = setmetatable({}, {__index = A}) B.__index = B"
                  " function B.new(x) return setmetatable(A.new(x), B) end function B:twice() return 2 * self:get() end"
                  " A.__tostring = function(a) return 'A' .. a.x end"
                  " return tostring(A.new(3)) .. B.new(21):twice()") == "\"A342\"");
}

TEST_CASE("chains of __index are short, from whichever end they are built") {
    CHECK(outcome("local t = {x = 7} for _ = 1, 16 do t = setmetatable({}, {__index = t}) end return t.x") == "7");
    CHECK(contains(outcome("local t = {} for _ = 1, 17 do t = setmetatable({}, {__index = t}) end"),
                   "more than 16 tables follow one another by __index"));
    CHECK(contains(
        outcome("local a = {} local b = a for _ = 1, 17 do local c = {} setmetatable(b, {__index = c}) b = c end"),
        "more than 16 tables follow one another by __index"));
    CHECK(contains(outcome("local a = {} setmetatable(a, {__index = a})"), "a table follows itself by __index"));
    CHECK(contains(
        outcome("local a, b, c = {}, {}, {} setmetatable(a, {__newindex = b}) setmetatable(b, {__newindex = c})"
                " setmetatable(c, {__newindex = a})"),
        "a table follows itself by __newindex"));
}

TEST_CASE("no text shows an address") {
    CHECK(outcome("return tostring({}) .. tostring(error) .. tostring(coroutine.running())") ==
          "\"tablefunctionthread\"");
    CHECK(outcome("return tostring(setmetatable({}, {__name = 'Viewer'}))") == "\"Viewer\"");
    CHECK(outcome("return tostring(setmetatable({}, {__tostring = function() return 'me' end}))") == "\"me\"");
    CHECK(contains(outcome("return tostring(setmetatable({}, {__tostring = function() return 1 end}))"),
                   "'__tostring' must return a string"));
    CHECK(contains(outcome("return ('%p'):format({})"), "there is no '%p'"));
    CHECK(outcome("return ('%s'):format({})") == "\"table\"");
}

TEST_CASE("patterns find what Lua's find") {
    Random random{20261120};
    StockLua stock;
    for (int i = 0; i < 4000; ++i) {
        const std::string subject = quote_lua(random_text(random, 12));
        const std::string pattern = quote_lua(random_pattern(random));
        std::string call;
        switch (random() % 6) {
        case 0: call = join({"string.find, ", subject, ", ", pattern}); break;
        case 1: call = join({"string.match, ", subject, ", ", pattern}); break;
        case 2: call = join({"string.find, ", subject, ", ", pattern, ", ", random_number(random, -15, 14)}); break;
        case 3:
            call = join({"string.gsub, ", subject, ", ", pattern, ", '<%0%1>', ", random_number(random, 0, 3)});
            break;
        case 4: call = join({"string.gsub, ", subject, ", ", pattern, ", {a = 'A', aa = 1, b = false}"}); break;
        default:
            call = join({"function() local r = {} for x, y in (", subject, "):gmatch(", pattern,
                         ") do r[#r + 1] = tostring(x) .. ',' .. tostring(y) end return table.concat(r, ';') end"});
        }
        const std::string source = show + std::string{"return show(pcall("} + call + "))";
        CAPTURE(i);
        CAPTURE(call);
        CHECK(outcome(source) == stock.outcome(source));
    }
}

TEST_CASE("a plain search takes patterns for text") {
    CHECK(outcome("return ('a.b%c'):find('.b%', 1, true)") == "2");
    CHECK(outcome("return ('aaab'):find('ab', 1, true)") == "3");
    CHECK(outcome("return ('abc'):find('', 4, true)") == "4");
    CHECK(outcome("return ('abc'):find('', 5)") == "nil");
    CHECK(outcome("return ('abc'):find('abcd')") == "nil");
    CHECK(outcome("return ('a\\0b\\0c'):find('\\0c')") == "4");
}

TEST_CASE("numbers and texts are formatted as Lua formats them") {
    Random random{4711};
    StockLua stock;
    constexpr std::array<const char*, 14> directives{"%d",   "%5d", "%-8d|", "%+d", "%x", "%08X",   "%o",
                                                     "%.3f", "%g",  "%e",    "%a",  "%q", "%10.2f", "%i"};
    constexpr std::array<const char*, 6> text_directives{"%s", "%10s|", "%-10s|", "%.3s", "%q", "%5.1s"};
    for (int i = 0; i < 2000; ++i) {
        std::string call;
        const auto integer =
            static_cast<std::int64_t>((static_cast<std::uint64_t>(random()) << 32) | random()) >> (random() % 64);
        switch (random() % 4) {
        case 0:
            call = "string.format, '" + pick(random, directives) + "', math.tointeger(" +
                   std::to_string(integer % 100000) + ")";
            break;
        case 1:
            call = "string.format, '" + pick(random, text_directives) + "', " + quote_lua(random_text(random, 6));
            break;
        case 2: call = "tostring, " + std::to_string(integer) + " / " + std::to_string(random() % 1000 + 1); break;
        default:
            call = "tonumber, '" + std::to_string(integer % 1000) +
                   pick(random, std::array{"", " ", "x", ".5", "e3", "f"}) + "'" +
                   pick(random, std::array{"", "", ", 16", ", 10", ", 36"});
        }
        const std::string source = show + std::string{"return show(pcall("} + call + "))";
        CAPTURE(i);
        CAPTURE(call);
        CHECK(outcome(source) == stock.outcome(source));
    }
    CHECK(
        outcome("return tostring(0/0) .. tostring(-(0/0)) .. ('%f'):format(0/0) .. tostring(1/0) .. tostring(-1/0)") ==
        "\"nannannaninf-inf\"");
    CHECK(outcome("return tostring(1e15) .. ' ' .. tostring(-0.0) .. ' ' .. tostring(2^53)") ==
          "\"1e+15 -0.0 9.007199254741e+15\"");
}

TEST_CASE("formats that are none are told") {
    CHECK(contains(outcome("return ('%y'):format(1)"), "there is no '%y'"));
    CHECK(contains(outcome("return ('%'):format(1)"), "string.format: there is no '%'"));
    CHECK(contains(outcome("return ('%100d'):format(1)"), "at most two digits"));
    CHECK(contains(outcome("return ('%d'):format()"), "no value"));
    CHECK(contains(outcome("return ('%d'):format(1.5)"), "number has no integer representation"));
    CHECK(contains(outcome("return ('%5q'):format('x')"), "%q takes no flags"));
    CHECK(contains(outcome("return ('%q'):format({})"), "value has no literal form"));
    CHECK(contains(outcome("return ('%c'):format(256)"), "a byte is 0 to 255"));
    CHECK(outcome("return ('%c%c'):format(0, 255)") == "\"\\000\xff\"");
    CHECK(outcome("return ('%5s'):format(('x'):rep(200)) == ('x'):rep(200)") == "true");
}

TEST_CASE("texts with many digits are no numbers, and arithmetic does not read texts") {
    CHECK(outcome("return tonumber(('9'):rep(201))") == "nil");
    CHECK(outcome("return tonumber(('9'):rep(18))") == "999999999999999999");
    CHECK(contains(outcome("return '10' + 1"), "attempt to perform arithmetic on a string value"));
    CHECK(outcome("return 10 .. ''") == "\"10\"");
}

TEST_CASE("powers are exact products") {
    CHECK(outcome("return {math.pow(2, 10), math.pow(2, -2), math.pow(0, 0), math.pow(1.5, 3)}") ==
          "{\n  1024.0,\n  0.25,\n  1.0,\n  3.375,\n}");
    CHECK(outcome("return math.pow(2, math.mininteger)") == "0.0");
    CHECK(contains(outcome("return math.pow(2, 0.5)"), "number has no integer representation"));
}

TEST_CASE("utf8 works as in the manual") {
    CHECK(outcome("local s = {} for p, c in utf8.codes('aé€') do s[#s + 1] = p .. ':' .. c end"
                  " return table.concat(s, ' ') .. utf8.char(8364) .. utf8.len('aé€') .. utf8.offset('aé€', 3)") ==
          "\"1:97 2:233 4:8364€34\"");
    CHECK(outcome("return utf8.codepoint('€')") == "8364");
    CHECK(outcome("return utf8.len('\\xff')") == "nil");
    CHECK(outcome("local n = 0 for c in ('aé€'):gmatch(utf8.charpattern) do n = n + 1 end return n") == "3");
}

TEST_CASE("coroutines can be closed") {
    CHECK(outcome("local co = coroutine.create(function() coroutine.yield() end) coroutine.resume(co)"
                  " return {coroutine.close(co), coroutine.status(co)}") == "{\n  true,\n  \"dead\",\n}");
    CHECK(outcome("local co = coroutine.create(error) coroutine.resume(co, 'x') return {coroutine.close(co)}") ==
          "{\n  false,\n  \"x\",\n}");
    CHECK(contains(outcome("coroutine.close(coroutine.running())"), "cannot close a running coroutine"));
}

TEST_CASE("bytes are those of the text, at most a thousand") {
    CHECK(outcome("return {('abc'):byte(1, -1)}") == "{\n  97,\n  98,\n  99,\n}");
    CHECK(outcome("return {('abc'):byte(-10, 10)}") == "{\n  97,\n  98,\n  99,\n}");
    CHECK(outcome("return select('#', ('abc'):byte(4))") == "0");
    CHECK(contains(outcome("return ('x'):rep(1001):byte(1, -1)"), "more than 1000 bytes at once"));
}

TEST_CASE("select counts from either end") {
    CHECK(outcome("return select('#', nil, nil)") == "2");
    CHECK(outcome("return {select(2, 1, 2, 3)}") == "{\n  2,\n  3,\n}");
    CHECK(outcome("return select(-1, 1, 2, 3)") == "3");
    CHECK(outcome("return select('#', select(9, 1))") == "0");
    CHECK(contains(outcome("return select(0, 1)"), "index out of range"));
    CHECK(contains(outcome("return select(-5, 1)"), "index out of range"));
}

TEST_CASE("nothing at all is there without a library") {
    const auto bare = [](const char* source) {
        const auto result = run_script(source, "t", {}, LuaGlobals::none);
        return result ? to_lua(*result) : result.error().message;
    };
    CHECK(bare("return {a = 1 + 2, b = 'x' .. 1}") == "{\n  a = 3,\n  b = \"x1\",\n}");
    CHECK(bare("return pairs or string or _G") == "nil");
    CHECK(contains(bare("print('x')"), "attempt to call a nil value (global 'print')"));
}
