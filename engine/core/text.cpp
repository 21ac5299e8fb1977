#include "core/text.hpp"

#include <algorithm>
#include <iterator>

namespace playhead {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

constexpr bool within(char32_t value, const Range& range) { return value >= range.first && value <= range.last; }

constexpr Range dropped[] = {
    {0x0000, 0x001F},   // C0 controls
    {0x007F, 0x009F},   // delete, C1 controls
    {0x00AD, 0x00AD},   // soft hyphen
    {0x034F, 0x034F},   // combining grapheme joiner
    {0x061C, 0x061C},   // arabic letter mark
    {0x115F, 0x1160},   // hangul fillers: blank, yet no white space
    {0x17B4, 0x17B5},   // khmer inherent vowels, invisible
    {0x180B, 0x180F},   // mongolian selectors and vowel separator
    {0x200B, 0x200F},   // zero-width space, joiners, direction marks
    {0x2028, 0x202E},   // line and paragraph separators, bidi embeddings and overrides
    {0x2060, 0x206F},   // word joiner, invisible operators, bidi isolates, deprecated format characters
    {0x3164, 0x3164},   // hangul filler
    {0xFDD0, 0xFDEF},   // noncharacters
    {0xFEFF, 0xFEFF},   // byte order mark, zero-width no-break space
    {0xFFA0, 0xFFA0},   // halfwidth hangul filler
    {0xFFF0, 0xFFFB},   // unassigned specials, interlinear annotation
    {0x1D173, 0x1D17A}, // musical format controls
    {0xE0000, 0xE0FFF}, // tags, supplementary variation selectors
};

constexpr Range spaces[] = {
    {0x0020, 0x0020}, {0x00A0, 0x00A0}, {0x1680, 0x1680}, {0x2000, 0x200A},
    {0x202F, 0x202F}, {0x205F, 0x205F}, {0x2800, 0x2800}, {0x3000, 0x3000},
};

bool is_dropped(char32_t value) {
    const bool noncharacter = (value & 0xFFFE) == 0xFFFE; // the last two of every plane
    return noncharacter || std::ranges::any_of(dropped, [value](const Range& range) { return within(value, range); });
}

bool is_space(char32_t value) {
    return std::ranges::any_of(spaces, [value](const Range& range) { return within(value, range); });
}

} // namespace

std::string clean_text(std::string_view text, std::size_t characters_max) {
    std::string clean;
    std::size_t characters = 0;
    std::size_t end = 0; // of the last character that is no white space
    while (!text.empty() && characters < characters_max) {
        const auto point = first_code_point(text);
        const std::size_t length = point ? point->length : 1;
        if (point && !is_dropped(point->value)) {
            const bool space = is_space(point->value);
            if (!clean.empty() || !space) {
                clean.append(text.substr(0, length));
                ++characters;
                if (!space) end = clean.size();
            }
        }
        text.remove_prefix(length);
    }
    clean.resize(end);
    return clean;
}

// Where bytes are cut white space may come to the end.
std::string clean_text_within(std::string_view text, std::size_t bytes_max) {
    return clean_text(cut_utf8(clean_text(text, bytes_max), bytes_max), bytes_max);
}

std::string one_line(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    constexpr unsigned char c1_lead = 0xC2; // of U+0080 to U+009F in UTF-8
    std::string line;
    line.reserve(text.size());
    const auto write_out = [&](unsigned char control) {
        line.append("\\x").append(1, digits[control >> 4U]).append(1, digits[control & 15U]);
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
        if (byte == '\n') {
            line += "\\n";
        } else if (byte < 0x20 || byte == 0x7F) {
            write_out(byte);
        } else if (byte == c1_lead && next >= 0x80 && next < 0xA0) {
            write_out(next);
            ++i;
        } else {
            line += text[i];
        }
    }
    return line;
}

} // namespace playhead
