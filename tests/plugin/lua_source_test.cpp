#include "plugin/lua_source.hpp"
#include "plugin/lua_state.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

using namespace playhead;

namespace {

Value text(const char* content) { return Value{std::string{content}}; }
Value integer(std::int64_t content) { return Value{content}; }

} // namespace

TEST_CASE("what is printed as Lua is the same value when it is read again") {
    const Value value{Value::Map{
        {"1st", Value{Value::List{integer(1), Value{2.5}, Value{3.0}, Value{1e300}, Value{-0.1}}}},
        {"end", text("a word of the language as a key")},
        {"flag", Value{false}},
        {"integers", Value{Value::List{integer(INT64_MAX), integer(INT64_MIN), integer(0)}}},
        {"nothing", Value{Value::List{}}},
        {"text", text("quote \" backslash \\ line\nreturn\rtab\t bell\a1 \x7f zw\xe2\x80\x8d")},
        {"text with \"quotes\"", Value{Value::Map{{"x", Value{std::string("nul \0 inside", 12)}}}}},
    }};
    const auto read_again = run_script("return " + to_lua(value), "printed");
    REQUIRE_MESSAGE(read_again.has_value(), read_again.error().message);
    CHECK(*read_again == value);
}

TEST_CASE("a printed table shows one key a line, indented") {
    const Value value{Value::Map{{"a", integer(1)}, {"b", Value{Value::List{text("x")}}}}};
    CHECK(to_lua(value) == "{\n  a = 1,\n  b = {\n    \"x\",\n  },\n}");
    CHECK(to_lua(Value{}) == "nil");
    CHECK(to_lua(Value{std::numeric_limits<double>::infinity()}) == "(1/0)");
}
