#pragma once

#include "core/value.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace playhead::programs {

// Deeper JSON than this comes from nobody we speak with, and would be read by recursion.
inline constexpr std::size_t json_depth_max = 32;

// Reads one JSON text into plain data. Of two members with one name the last one counts.
//   Errors: a sentence that says what is wrong. Text need not be UTF-8 (mpv passes file names on as they are): whoever
//           shows it cleans it.
std::expected<Value, std::string> parse_json(std::string_view text);

// One line of JSON. Numbers that JSON cannot say (infinite, NaN) become null.
std::string to_json(const Value& value);

// A map from pairs in any order: what programs print, and what they say to mpv.
Value object(std::initializer_list<Value::Entry> entries);

// What stands under `key`, if it is of that type.
std::string text_of(const Value& map, std::string_view key);
double number_of(const Value& map, std::string_view key, double otherwise);
bool flag_of(const Value& map, std::string_view key);

} // namespace playhead::programs
