#include "plugin/lua_source.hpp"
#include "plugin/lua_state.hpp"
#include "plugin/type.hpp"
#include "plugin/type_reading.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace playhead;

namespace {

Value value(const std::string& lua) {
    auto read = run_script("return " + lua, "value");
    if (!read) FAIL(read.error().message);
    return *std::move(read);
}

// The type that a piece of manifest stands for, or the lines that refuse it.
Type type(const std::string& lua) {
    ManifestReading reading{.file = "plugin.lua"};
    Type read = read_type(value(lua), "t", reading);
    for (const std::string& problem : reading.problems) FAIL(problem);
    return read;
}

std::string refusal_of_type(const std::string& lua) {
    ManifestReading reading{.file = "plugin.lua"};
    static_cast<void>(read_type(value(lua), "t", reading));
    std::string text;
    for (const std::string& problem : reading.problems) text += (text.empty() ? "" : "\n") + problem;
    return text;
}

// What a value becomes, as Lua; or why it is refused.
std::string outcome(const std::string& type_lua, const std::string& value_lua) {
    auto good = checked(type(type_lua), value(value_lua), "args.x");
    return good ? to_lua(*good) : good.error();
}

bool good(const std::string& type_lua, const std::string& value_lua) {
    return checked(type(type_lua), value(value_lua), "args.x").has_value();
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("each short type takes its values and no others") {
    CHECK(good("'bool'", "true"));
    CHECK(outcome("'bool'", "1") == "args.x: expected true or false, got 1");
    CHECK(good("'int'", "-7"));
    CHECK(outcome("'int'", "'7'") == "args.x: expected an integer, got \"7\"");
    CHECK(outcome("'int'", "1.5") == "args.x: expected an integer, got 1.5");
    CHECK(good("'int:1..10'", "10"));
    CHECK(outcome("'int:1..10'", "11") == "args.x: expected an integer from 1 to 10, got 11");
    CHECK(outcome("'int:0..'", "-1") == "args.x: expected an integer of at least 0, got -1");
    CHECK(outcome("'int:..5'", "6") == "args.x: expected an integer of at most 5, got 6");
    CHECK(good("'number:0..1'", "0.25"));
    CHECK(outcome("'number:0..1'", "1.5") == "args.x: expected a number from 0 to 1, got 1.5");
    CHECK(outcome("'number'", "0/0") == "args.x: expected a number, got (0/0)");
    CHECK(outcome("'number'", "1/0") == "args.x: expected a number, got (1/0)");
    CHECK(good("'text'", "''"));
    CHECK(outcome("'text'", "{}") == "args.x: expected text, got an empty table");
    CHECK(good("'viewer'", "4294967295"));
    for (const char* id : {"0", "-1", "4294967296", "1.5", "'1'", "true"}) {
        CAPTURE(id);
        CHECK(contains(outcome("'viewer'", id), "expected a viewer's id, got "));
    }
}

TEST_CASE("text is measured in characters") {
    CHECK(good("'text:1..3'", "'\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80'"));
    CHECK(outcome("'text:1..500'", "('x'):rep(612)") == "args.x: expected text of 1 to 500 characters, got 612");
    CHECK(outcome("'text:1..500'", "''") == "args.x: expected text of 1 to 500 characters, got 0");
    CHECK(outcome("'text:..2'", "'abc'") == "args.x: expected text of at most 2 characters, got 3");
    CHECK(outcome("'text'", "'\\xff'") == "args.x: expected text, got text that is not UTF-8");
}

TEST_CASE("a question mark is for what may be missing") {
    CHECK(outcome("'int?'", "nil") == "nil");
    CHECK(good("'int?'", "5"));
    CHECK(outcome("'int:1..2?'", "3") == "args.x: expected an integer from 1 to 2 or nothing, got 3");
    CHECK(outcome("'int'", "nil") == "args.x: expected an integer, got nothing");
    CHECK(outcome("{ type = 'one_of', values = { 'a' }, optional = true }", "nil") == "nil");
    CHECK(outcome("'any'", "nil") == "args.x: expected any value, got nothing");
}

TEST_CASE("numbers come out in their one form") {
    CHECK(outcome("'int'", "3 * 0.5 * 2") == "3");
    CHECK(outcome("'number'", "2") == "2");
    CHECK(outcome("'number'", "2.0") == "2");
    CHECK(outcome("'number'", "-0.0") == "0");
    CHECK(outcome("'any'", "{ 1.0, 2.5 }") == "{\n  1,\n  2.5,\n}");
}

TEST_CASE("lists are checked item by item, and say which one is wrong") {
    const std::string names = "{ type = 'list', of = 'text:1..5', max = 3 }";
    CHECK(good(names, "{ 'a', 'b' }"));
    CHECK(outcome(names, "{}") == "{}");
    CHECK(outcome(names, "{ 'a', 'toolong' }") == "args.x[2]: expected text of 1 to 5 characters, got 7");
    CHECK(outcome(names, "{ 'a', 'b', 'c', 'd' }") == "args.x: expected a list of at most 3, got 4");
    CHECK(outcome(names, "{ a = 1 }") == "args.x: expected a list of at most 3, got a table");
    CHECK(checked(type(names), Value{Value::Map{}}, "x") == Value{Value::List{}});
}

TEST_CASE("records take their fields and no others") {
    const std::string record = "{ type = 'record', fields = { text = 'text:1..5', reply_to = 'int?' } }";
    CHECK(outcome(record, "{ text = 'hi' }") == "{\n  text = \"hi\",\n}");
    CHECK(good(record, "{ text = 'hi', reply_to = 7 }"));
    CHECK(outcome(record, "{ txt = 'hi' }") == "args.x.txt: there is no such field; did you mean text?");
    CHECK(outcome(record, "{ text = 'hi', colour = 1 }") ==
          "args.x.colour: there is no such field; expected a table with reply_to?, text");
    CHECK(outcome(record, "{ reply_to = 7 }") == "args.x.text: expected text of 1 to 5 characters, got nothing");
    CHECK(outcome(record, "{ 1, 2 }") == "args.x: expected a table with reply_to?, text, got a list");
    CHECK(contains(outcome(record, "{ [''] = 1, text = 'x' }"), "args.x[\"\"]: there is no such field"));
}

TEST_CASE("one empty table does for all that can be empty") {
    CHECK(checked(type("{ type = 'record', fields = { a = 'int?' } }"), Value{Value::List{}}, "x") ==
          Value{Value::Map{}});
    CHECK(checked(type("{ type = 'map', key = 'text', of = 'int' }"), Value{Value::List{}}, "x") ==
          Value{Value::Map{}});
    CHECK(checked(Type{}, Value{Value::List{}}, "x") == Value{Value::List{}});
}

TEST_CASE("maps are checked by key and value") {
    const std::string votes = "{ type = 'map', key = 'viewer', of = 'int', max = 2 }";
    CHECK(good(votes, "{ ['7'] = 1 }"));
    CHECK(outcome(votes, "{ ['07'] = 1 }") == "args.x: expected keys that are viewers' ids, got \"07\"");
    CHECK(outcome(votes, "{ ['0'] = 1 }") == "args.x: expected keys that are viewers' ids, got \"0\"");
    CHECK(outcome(votes, "{ ['7'] = 'x' }") == "args.x[\"7\"]: expected an integer, got \"x\"");
    CHECK(outcome(votes, "{ ['1'] = 1, ['2'] = 1, ['3'] = 1 }") ==
          "args.x: expected a table of at most 2 whose keys are viewers' ids, got 3");
    // Lua's { "a", "b" } is a table from 1 to 2.
    CHECK(outcome("{ type = 'map', key = 'int', of = 'text' }", "{ 'a', 'b' }") ==
          "{\n  [\"1\"] = \"a\",\n  [\"2\"] = \"b\",\n}");
    CHECK(good("{ type = 'map', key = 'int', of = 'text' }", "{ ['-5'] = 'a' }"));
    CHECK(contains(outcome("{ type = 'map', key = 'text', of = 'text' }", "{ 'a', 'b' }"), "got a list"));
    CHECK(contains(outcome("{ type = 'map', key = 'text', of = 'int' }", "{ ['a\\0b'] = 1 }"), "keys that are text"));
    CHECK(contains(outcome("{ type = 'map', key = 'text', of = 'int' }", "{ ['\\xff'] = 1 }"), "keys that are text"));
    // Ten comes after nine for people and before it in byte order, which a map has to keep.
    const auto many =
        checked(type("{ type = 'map', key = 'int', of = 'int' }"), value("{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }"), "x");
    REQUIRE(many.has_value());
    CHECK(many->find("10") != nullptr);
    CHECK_FALSE(canonical_fault(*many).has_value());
}

TEST_CASE("one of several texts is one of them") {
    const std::string mode = "{ type = 'one_of', values = { 'anyone', 'host' } }";
    CHECK(good(mode, "'host'"));
    CHECK(outcome(mode, "'Host'") == "args.x: expected one of \"anyone\", \"host\", got \"Host\"");
    CHECK(outcome(mode, "1") == "args.x: expected one of \"anyone\", \"host\", got 1");
}

TEST_CASE("the path leads to the place, however deep") {
    CHECK(outcome(
              "{ type = 'record', fields = { rows = { type = 'list', of = { type = 'record', fields = { at = 'int' } } "
              "} } }",
              "{ rows = { { at = 1 }, { at = 'x' } } }") == "args.x.rows[2].at: expected an integer, got \"x\"");
    CHECK(checked(type("{ type = 'record', fields = { at = 'int' } }"), value("{ at = true }"), "").error() ==
          "at: expected an integer, got true");
}

TEST_CASE("nothing too large, too deep or not finite goes through `any`") {
    CHECK(good("'any'", "{ a = { 1, 'x', true, { b = {} } } }"));
    CHECK(contains(outcome("'any'", "{ a = { 0/0 } }"), "args.x.a[1]: expected a number that is finite"));
    CHECK(contains(outcome("'any'", "{ a = '\\xff' }"), "args.x.a: expected text in UTF-8"));
    CHECK(contains(outcome("'any'", "{ ['\\xff'] = 1 }"), "expected keys that are text in UTF-8"));
    CHECK(good("'any'", "{{{{{{{{1}}}}}}}}"));
    CHECK(contains(outcome("'any'", "{{{{{{{{{1}}}}}}}}}"), "nested deeper than 8"));
    CHECK(contains(outcome("'any'", "(function() local t = {} for i = 1, 1001 do t[i] = 1 end return t end)()"),
                   "more than 1000 values"));
    CHECK(contains(
        outcome("'any'", "(function() local t = {} for i = 1, 9 do t[i] = ('x'):rep(1000) end return t end)()"),
        "bytes, more than 8192"));
}

TEST_CASE("what comes out may travel") {
    for (const char* lua : {"{ a = 1.0, b = { -0.0 } }", "{ 1, { 2.0 } }", "'x'", "{ x = { y = 2^53 } }", "1e300"}) {
        CAPTURE(lua);
        const auto any = checked(Type{}, value(lua), "x");
        REQUIRE(any.has_value());
        CHECK_FALSE(canonical_fault(*any).has_value());
    }
}

TEST_CASE("a word that is no type names the one that was meant") {
    CHECK(contains(refusal_of_type("'string'"), "plugin.lua: t: expected a type such as"));
    CHECK(contains(refusal_of_type("'string'"), "got \"string\"; did you mean \"text\"?"));
    CHECK(contains(refusal_of_type("'integer'"), "did you mean \"int\"?"));
    CHECK(contains(refusal_of_type("'boolean'"), "did you mean \"bool\"?"));
    CHECK(contains(refusal_of_type("'txet'"), "did you mean \"text\"?"));
    CHECK(contains(refusal_of_type("5"), "t: expected a type such as"));
    CHECK(contains(refusal_of_type("{}"), "t: expected a type such as"));
    CHECK(contains(refusal_of_type("'list'"), "a table, since a list has more to it"));
    CHECK(contains(refusal_of_type("{ type = 'strng' }"), "t.type: expected a type such as"));
}

TEST_CASE("bounds that cannot be are refused") {
    for (const char* lua : {"'int:'", "'int:1'", "'int:5..1'", "'int:a..b'", "'int:..'", "'int:1.5..2'", "'bool:1..2'",
                            "'viewer:1..2'", "'text:-1..5'", "'text:1..99999'", "'number:1..inf'", "'number:nan..1'",
                            "'text:1..5 '", "''", "'?'", "'int?\?'"}) {
        CAPTURE(lua);
        CHECK(contains(refusal_of_type(lua), "plugin.lua: t: expected "));
    }
    CHECK(contains(refusal_of_type("{ type = 'int', min = 5, max = 1 }"), "t.min: expected at most what `max` is"));
    CHECK(contains(refusal_of_type("{ type = 'int', min = 'x' }"), "t.min: expected an integer"));
}

TEST_CASE("a table type refuses what does not belong to it, all of it at once") {
    const std::string text = refusal_of_type("{ type = 'record', feilds = {}, max = 3 }");
    CHECK(contains(text, "t.fields: missing"));
    CHECK(contains(text, "t.feilds: there is no such key; did you mean t.fields?"));
    CHECK(contains(text, "t.max: there is no such key"));
    CHECK(contains(refusal_of_type("{ type = 'list' }"), "t.of: missing"));
    CHECK(contains(refusal_of_type("{ type = 'list', of = 'int?' }"), "t.of: expected a type without \"?\""));
    CHECK(contains(refusal_of_type("{ type = 'map', of = 'int' }"), "t.key: missing: expected one of \"int\""));
    CHECK(contains(refusal_of_type("{ type = 'map', key = 'string', of = 'int' }"), "t.key: expected one of \"int\""));
    CHECK(contains(refusal_of_type("{ type = 'one_of', values = { 'a', 'a' } }"), "t.values: expected a list of"));
    CHECK(contains(refusal_of_type("{ type = 'one_of', values = {} }"), "t.values: expected a list of"));
    CHECK(contains(refusal_of_type("{ type = 'record', fields = { ['a b'] = 'int' } }"),
                   "t.fields[\"a b\"]: expected a name that is"));
    CHECK(contains(refusal_of_type("{ type = 'record', fields = { a = { type = 'list', of = 'nit' } } }"),
                   "t.fields.a.of: expected a type such as"));
}
