#pragma once

#include "core/value.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace playhead {

// How a value from a script is called in a message: what was written, cut short.
std::string shown(const Value& value);

// The parts, one behind the other.
std::string concat(std::initializer_list<std::string_view> parts);

// "one of \"open\", \"closed\"": what was expected.
std::string alternatives(std::span<const std::string_view> names);

// An integer, or a number that is one (Lua's 3 * 0.5 * 2).
std::optional<std::int64_t> whole_number(const Value& value);

// The path of a key in a table, as Lua would write it: limits.rooms_max, permissions["chat.say"].
std::string key_path(const std::string& table, std::string_view key);

// The same for a position, counted from 1.
std::string item_path(const std::string& list, std::size_t index);

} // namespace playhead
