#pragma once

#include "core/value.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace playhead {

// Lua source that yields the value, one key a line; `indent` is how many levels it stands in.
std::string to_lua(const Value& value, std::size_t indent = 0);
// Lua source of one text, with everything that is not plain escaped.
std::string quote_lua(std::string_view text);
// Can this stand as a key without brackets and quotes? Not if it is a word of the language.
bool is_lua_name(std::string_view text);

} // namespace playhead
