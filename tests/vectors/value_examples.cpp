#include "vectors/wire_vectors.hpp"

#include <charconv>
#include <limits>
#include <string_view>

namespace playhead::test {
namespace {

Value integer(std::int64_t number) { return Value{number}; }
Value text(std::string content) { return Value{std::move(content)}; }

Bytes from_hex(std::string_view digits) {
    Bytes bytes;
    for (std::size_t at = 0; at < digits.size(); at += 2) {
        unsigned byte = 0;
        std::from_chars(digits.data() + at, digits.data() + at + 2, byte, 16);
        bytes.push_back(static_cast<std::byte>(byte));
    }
    return bytes;
}

} // namespace

std::vector<NamedValue> value_examples() {
    const Value line{Value::Map{{"at_s", Value{61.25}},
                                {"edited", Value{false}},
                                {"from", integer(7)},
                                {"mentions", Value{Value::List{integer(1), integer(300)}}},
                                {"reply_to", Value{}},
                                {"text", text("what a shot \xF0\x9F\x8E\xAC")}}};
    return {
        {"nil", Value{}},
        {"false", Value{false}},
        {"true", Value{true}},
        {"zero", integer(0)},
        {"minus_one", integer(-1)},
        {"integer_8", integer(127)},
        {"integer_16", integer(128)},
        {"integer_16_negative", integer(-129)},
        {"integer_32", integer(-40'000)},
        {"integer_64", integer(2'147'483'648)},
        {"integer_exact_in_a_double", integer(9'007'199'254'740'991)},
        {"integer_max", integer(std::numeric_limits<std::int64_t>::max())},
        {"integer_min", integer(std::numeric_limits<std::int64_t>::min())},
        {"number_32", Value{0.5}},
        {"number_64", Value{0.1}},
        {"number_small", Value{-1.25e-7}},
        {"number_large", Value{1e300}},
        {"text_empty", text("")},
        {"text", text("Ada")},
        {"text_bytes", text("J\xC3\xBCrgen \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x8E\xAC")},
        {"text_with_zero", text(std::string("a\0b", 3))},
        {"text_with_quotes", text("\"\\\n")},
        {"text_long", text(std::string(300, 'x'))},
        {"list_empty", Value{Value::List{}}},
        {"list_of_one_kind", Value{Value::List{integer(1), integer(2), integer(300)}}},
        {"list_of_text", Value{Value::List{text("a"), text("b")}}},
        {"list_mixed", Value{Value::List{integer(1), text("a"), Value{}, Value{Value::List{Value{true}}}, Value{2.5}}}},
        {"map_empty", Value{Value::Map{}}},
        {"map_empty_key", Value{Value::Map{{"", integer(1)}}}},
        // The order of bytes, not of UTF-16: U+FF61 stands before U+1F3AC.
        {"map_byte_order", Value{Value::Map{{"Z", integer(1)},
                                            {"a", integer(2)},
                                            {"aa", integer(3)},
                                            {"\xC3\xA4", integer(4)},
                                            {"\xEF\xBD\xA1", integer(5)},
                                            {"\xF0\x9F\x8E\xAC", integer(6)}}}},
        {"map_of_maps",
         Value{Value::Map{{"a", Value{Value::Map{{"x", integer(1)}}}}, {"b", Value{Value::Map{{"x", integer(2)}}}}}}},
        {"line", line},
        {"lines", Value{Value::List{line, line}}},
    };
}

// By hand: each byte of a FlexBuffer of width 1 is an offset, a length, a type (kind * 4 + width) or itself.
std::vector<NamedBytes> malformed_value_examples() {
    return {
        {"no_root", from_hex("0f08")},
        {"width_of_three", from_hex("000403")},
        {"unknown_type", from_hex("00fc01")},
        {"not_a_number", from_hex("000000000000f87f0f08")},
        {"infinity", from_hex("000000000000f0ff0f08")},
        {"number_of_one_byte", from_hex("010c01")},
        {"bytes", from_hex("01aa016401")},
        {"text_not_utf8", from_hex("01ff00021401")},
        {"text_overlong", from_hex("02c08000031401")},
        {"text_before_the_start", from_hex("091401")},
        {"text_behind_the_end", from_hex("7f61011401")},
        {"list_behind_the_end", from_hex("ff002801")},
        {"list_in_itself", from_hex("010028022801")},
        {"keys_out_of_order", from_hex("6200610002050402010201020404042401")},
        {"key_twice", from_hex("610002030402010201020404042401")},
        {"more_keys_than_values", from_hex("620063000205040201010104022401")},
        {"key_without_end", from_hex("6101020101010104022401")},
        {"key_not_utf8", from_hex("ff0001030101010104022401")},
    };
}

} // namespace playhead::test
