#include "core/value.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>

using namespace playhead;

namespace {

Value text(const char* content) { return Value{std::string{content}}; }
Value integer(std::int64_t content) { return Value{content}; }
Value list(Value::List items) { return Value{std::move(items)}; }
Value map(Value::Map entries) { return Value{std::move(entries)}; }

Value nested_lists(std::size_t depth) {
    Value value{std::int64_t{1}};
    for (; depth > 0; --depth) value = list({value});
    return value;
}

} // namespace

TEST_CASE("a map finds its keys and nothing else") {
    const Value value = map({{"a", integer(1)}, {"b", text("two")}, {"c.d", Value{true}}});
    REQUIRE(value.find("b") != nullptr);
    CHECK(*value.find("b") == text("two"));
    CHECK(value.find("c") == nullptr);
    CHECK(value.find("") == nullptr);
    CHECK(text("a").find("a") == nullptr);
}

TEST_CASE("a map that is made from entries in any order is sorted by bytes, and the last of a key counts") {
    const Value value = sorted_map({{"z", integer(1)}, {"\xC3\xA4", integer(2)}, {"a", integer(3)}, {"z", integer(4)}});
    CHECK(value == map({{"a", integer(3)}, {"z", integer(4)}, {"\xC3\xA4", integer(2)}}));
    CHECK(sorted_map({}) == map({}));
}

TEST_CASE("whole numbers have one form, up to where a double stands for more than one integer") {
    constexpr double whole_max = 9'007'199'254'740'992.0;
    CHECK(canonical(Value{3.0}) == integer(3));
    CHECK(canonical(Value{-0.0}) == integer(0));
    CHECK(canonical(Value{whole_max}) == integer(9'007'199'254'740'992));
    CHECK(canonical(Value{-whole_max}) == integer(-9'007'199'254'740'992));
    CHECK(canonical(Value{whole_max + 2}) == Value{whole_max + 2});
    CHECK(canonical(Value{0.5}) == Value{0.5});
    CHECK(canonical(Value{1e300}) == Value{1e300});
    const Value inside = map({{"a", list({Value{1.0}, Value{1.5}})}, {"b", text("1.0")}});
    CHECK(canonical(inside) == map({{"a", list({integer(1), Value{1.5}})}, {"b", text("1.0")}}));
    CHECK(canonical_fault(canonical(inside)) == std::nullopt);
}

TEST_CASE("a value that may not travel is refused with its place and the reason") {
    struct Row {
        Value value;
        std::string fault;
    };
    const Row rows[] = {
        {Value{}, ""},
        {Value{true}, ""},
        {integer(std::numeric_limits<std::int64_t>::min()), ""},
        {Value{0.1}, ""},
        {text(""), ""},
        {map({}), ""},
        {list({Value{}, list({}), map({})}), ""},
        {map({{"", text("an empty key is one")}}), ""},
        {Value{1.0}, "the value is a whole number that is not written as an integer"},
        {Value{-0.0}, "the value is a whole number that is not written as an integer"},
        {Value{std::nan("")}, "the value is a number that is not finite"},
        {list({integer(1), Value{std::numeric_limits<double>::infinity()}}), "[2] is a number that is not finite"},
        {map({{"lines", list({map({{"text", text("\xFF")}})})}}), "lines[1].text is not UTF-8"},
        {map({{"a", map({{"\xC0\x80", Value{}}})}}), "a has a key that is not UTF-8"},
        {map({{std::string("a\0b", 3), Value{}}}), "the value has a key with a NUL in it"},
        {map({{"b", Value{}}, {"a", Value{}}}), "the value has the key \"a\" twice, or out of byte order"},
        {map({{"a", Value{}}, {"a", Value{}}}), "the value has the key \"a\" twice, or out of byte order"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.fault);
        CHECK(canonical_fault(row.value).value_or("") == row.fault);
    }
}

TEST_CASE("a value has limits of depth, of parts and of bytes") {
    CHECK(canonical_fault(nested_lists(value_depth_max)) == std::nullopt);
    CHECK(canonical_fault(nested_lists(value_depth_max + 1)) == "[1][1][1][1][1][1][1][1] is nested deeper than 8");

    // The list itself is one of them; all of them take less than the bytes that are allowed.
    static_assert(value_nodes_max * 8 < value_bytes_max);
    CHECK(canonical_fault(list(Value::List(value_nodes_max, Value{true}))) == "[1000] has more than 1000 values");

    const std::string long_text(value_bytes_max, 'a');
    CHECK(canonical_fault(Value{long_text}).value_or("").ends_with("bytes, more than 8192"));
    CHECK(canonical_fault(Value{std::string(value_bytes_max - 64, 'a')}) == std::nullopt);
}

TEST_CASE("what is told about a type reads as a sentence") {
    CHECK(type_name(Value{}) == "nil");
    CHECK(type_name(integer(1)) == "an integer");
    CHECK(type_name(Value{1.5}) == "a number");
    CHECK(type_name(list({})) == "a list");
    CHECK(type_name(map({})) == "a table");
}
