#include "plugin/lua_source.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace playhead {
namespace {

constexpr std::size_t indent_spaces = 2;

std::string number(double value) {
    if (std::isnan(value)) return "(0/0)";
    if (std::isinf(value)) return value > 0 ? "(1/0)" : "(-1/0)";
    std::array<char, 32> text{};
    const auto [end, failed] = std::to_chars(text.data(), text.data() + text.size(), value);
    std::string shortest(text.data(), end);
    // A float stays one when it is read again.
    if (shortest.find_first_of(".e") == std::string::npos) shortest += ".0";
    return shortest;
}

std::string braces(const std::vector<std::string>& lines, std::size_t indent) {
    if (lines.empty()) return "{}";
    std::string text = "{\n";
    for (const std::string& line : lines) text += std::string((indent + 1) * indent_spaces, ' ') + line + ",\n";
    return text + std::string(indent * indent_spaces, ' ') + "}";
}

} // namespace

std::string quote_lua(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            quoted += '\\';
            quoted += c;
        } else if (c == '\n') {
            quoted += "\\n";
        } else if (byte < 0x20 || byte == 0x7f) {
            // Three digits, so that a digit that follows is not taken for a part of it.
            const std::string digits = std::to_string(byte);
            quoted += '\\' + std::string(3 - digits.size(), '0') + digits;
        } else {
            quoted += c;
        }
    }
    return quoted + '"';
}

bool is_lua_name(std::string_view text) {
    constexpr std::array<std::string_view, 22> words{
        "and", "break", "do",  "else", "elseif", "end",    "false",  "for",  "function", "goto",  "if",
        "in",  "local", "nil", "not",  "or",     "repeat", "return", "then", "true",     "until", "while"};
    if (text.empty() || std::ranges::find(words, text) != words.end()) return false;
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return letter(text.front()) && std::ranges::all_of(text, [&](char c) { return letter(c) || digit(c); });
}

std::string to_lua(const Value& value, std::size_t indent) {
    std::vector<std::string> lines;
    if (const auto* list = value.get_if<Value::List>()) {
        for (const Value& item : *list) lines.push_back(to_lua(item, indent + 1));
        return braces(lines, indent);
    }
    if (const auto* map = value.get_if<Value::Map>()) {
        for (const auto& [key, item] : *map)
            lines.push_back((is_lua_name(key) ? key : "[" + quote_lua(key) + "]") + " = " + to_lua(item, indent + 1));
        return braces(lines, indent);
    }
    if (const auto* flag = value.get_if<bool>()) return *flag ? "true" : "false";
    if (const auto* integer = value.get_if<std::int64_t>()) {
        // The smallest integer has no literal: its absolute value would be a float.
        return *integer == INT64_MIN ? "math.mininteger" : std::to_string(*integer);
    }
    if (const auto* real = value.get_if<double>()) return number(*real);
    if (const auto* text = value.get_if<std::string>()) return quote_lua(*text);
    return "nil";
}

} // namespace playhead
