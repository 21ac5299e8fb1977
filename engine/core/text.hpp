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
// The same, of at most `bytes_max` bytes.
std::string clean_text_within(std::string_view text, std::size_t bytes_max);

// What somebody wrote, for a line of a log or a terminal: control characters, which would end the line or move the
// cursor, are written out, as \n or \x1b.
std::string one_line(std::string_view text);

} // namespace playhead
