#pragma once

#include "core/value.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace playhead {

// Inside the test runner only: what a test.lua may ask of a room, and with which arguments.

// The arguments as the call takes them, or what is wrong with them in the author's terms: "T.room: media.duration_s:
// expected a number of at least 0, got "long"".
std::expected<Value, std::string> checked_call(std::string_view method, Value args);

// ---- of checked arguments
std::optional<std::int64_t> integer_of(const Value& args, std::string_view key);
std::optional<double> number_of(const Value& args, std::string_view key);
std::optional<bool> flag_of(const Value& args, std::string_view key);
std::string text_of(const Value& args, std::string_view key, std::string_view otherwise = {});

} // namespace playhead
