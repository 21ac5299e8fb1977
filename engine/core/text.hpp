#pragma once

#include "core/utf8.hpp"

#include <string>
#include <string_view>

namespace playhead {

// What people wrote about themselves, made safe to show beside other people's text: without characters that are not
// seen, break the line or turn the reading direction (control, bidi, zero-width, fillers, line and paragraph
// separators, tags, noncharacters, malformed bytes), without white space at either end, of at most `characters_max`
// code points. Markup stays: it is text, and clients show it as text.
std::string clean_text(std::string_view text, std::size_t characters_max);

} // namespace playhead
