#include "plugin/script_value.hpp"

#include "core/utf8.hpp"
#include "plugin/lua_source.hpp"

namespace playhead {
namespace {

constexpr std::size_t shown_bytes_max = 60;

} // namespace

std::string shown(const Value& value) {
    if (const auto* list = value.get_if<Value::List>(); list != nullptr && list->empty()) return "an empty table";
    if (const auto* map = value.get_if<Value::Map>(); map != nullptr && map->empty()) return "an empty table";
    if (value.get_if<Value::List>() != nullptr || value.get_if<Value::Map>() != nullptr || value.is_nil())
        return std::string{type_name(value)};
    if (const auto* text = value.get_if<std::string>(); text != nullptr && !valid_utf8(*text))
        return "text that is not UTF-8";
    std::string literal = to_lua(value);
    if (literal.size() <= shown_bytes_max) return literal;
    return std::string{cut_utf8(literal, shown_bytes_max)} + "...";
}

std::string concat(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts) text += part;
    return text;
}

std::string alternatives(std::span<const std::string_view> names) {
    std::string text;
    for (const std::string_view name : names) text += (text.empty() ? "one of " : ", ") + quote_lua(name);
    return text;
}

std::optional<std::int64_t> whole_number(const Value& value) {
    if (value.get_if<std::int64_t>() == nullptr && value.get_if<double>() == nullptr) return std::nullopt;
    const Value number = canonical(value);
    const auto* integer = number.get_if<std::int64_t>();
    return integer == nullptr ? std::nullopt : std::optional{*integer};
}

std::string key_path(const std::string& table, std::string_view key) {
    if (!is_lua_name(key)) return table + "[" + quote_lua(cut_utf8(key, shown_bytes_max)) + "]";
    return table.empty() ? std::string{key} : table + "." + std::string{key};
}

std::string item_path(const std::string& list, std::size_t index) { return list + "[" + std::to_string(index) + "]"; }

} // namespace playhead
