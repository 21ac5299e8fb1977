#include "plugin/type_reading.hpp"

#include "core/nearest.hpp"
#include "core/utf8.hpp"
#include "plugin/lua_source.hpp"
#include "plugin/script_value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>

namespace playhead {
namespace {

using Kind = Type::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 10> kinds{{{"bool", Kind::boolean},
                                                                   {"int", Kind::integer},
                                                                   {"number", Kind::number},
                                                                   {"text", Kind::text},
                                                                   {"viewer", Kind::viewer},
                                                                   {"any", Kind::any},
                                                                   {"list", Kind::list},
                                                                   {"map", Kind::map},
                                                                   {"record", Kind::record},
                                                                   {"one_of", Kind::one_of}}};
// What other languages call them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> other_words{{{"string", "text"},
                                                                                     {"str", "text"},
                                                                                     {"integer", "int"},
                                                                                     {"boolean", "bool"},
                                                                                     {"float", "number"},
                                                                                     {"double", "number"},
                                                                                     {"table", "record"},
                                                                                     {"array", "list"},
                                                                                     {"object", "record"},
                                                                                     {"enum", "one_of"}}};
constexpr std::string_view expected_type =
    R"(a type such as "int:1..10", "text:1..500", "viewer?" or { type = "list", of = "text", max = 10 })";
constexpr std::string_view expected_bounds =
    R"(bounds behind the colon, such as "int:1..10", "int:0.." or "text:..64")";

bool is_plain(Kind kind) {
    return kind != Kind::list && kind != Kind::map && kind != Kind::record && kind != Kind::one_of;
}

std::string suggestion(std::string_view word) {
    for (const auto& [other, ours] : other_words)
        if (word == other) return "; did you mean " + quote_lua(ours) + "?";
    std::vector<std::string> known;
    known.reserve(kinds.size());
    for (const auto& [name, kind] : kinds) known.emplace_back(name);
    const auto meant = nearest(known, word);
    return meant ? "; did you mean " + quote_lua(*meant) + "?" : "";
}

template <class Number>
bool parse_number(std::string_view text, Number& number) {
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if constexpr (std::is_floating_point_v<Number>)
        if (!std::isfinite(number)) return false;
    return !text.empty() && failed == std::errc{} && end == text.data() + text.size();
}

// "MIN..MAX", either of which may be left out.
template <class Number>
bool parse_bounds(std::string_view text, Number& min, Number& max) {
    const auto dots = text.find("..");
    if (dots == std::string_view::npos || text.size() == 2) return false;
    const std::string_view low = text.substr(0, dots);
    const std::string_view high = text.substr(dots + 2);
    if (!low.empty() && !parse_number(low, min)) return false;
    if (!high.empty() && !parse_number(high, max)) return false;
    return min <= max;
}

// One of the texts that stand for a type.
Type read_text(const std::string& text, const std::string& path, ManifestReading& reading) {
    Type type;
    const auto refuse = [&](const std::string& expected, const std::string& hint = {}) {
        reading.refuse(path, "expected " + expected + ", got " + shown(Value{text}) + hint);
        return Type{};
    };
    std::string_view rest = text;
    if (rest.ends_with('?')) {
        type.optional = true;
        rest.remove_suffix(1);
    }
    const auto colon = rest.find(':');
    const std::string_view word = rest.substr(0, colon);
    const auto kind = std::ranges::find(kinds, word, &std::pair<std::string_view, Kind>::first);
    if (kind == kinds.end()) return refuse(std::string{expected_type}, suggestion(word));
    type.kind = kind->second;
    if (!is_plain(type.kind))
        return refuse("a table, since a " + std::string{word} + " has more to it: { type = " + quote_lua(word) +
                      ", ... }");
    if (colon == std::string_view::npos) return type;
    const std::string_view behind = rest.substr(colon + 1);
    bool good = false;
    if (type.kind == Kind::integer) good = parse_bounds(behind, type.integer_min, type.integer_max);
    if (type.kind == Kind::number) good = parse_bounds(behind, type.number_min, type.number_max);
    if (type.kind == Kind::text)
        good = parse_bounds(behind, type.text_min, type.text_max) && type.text_max <= value_bytes_max;
    if (good) return type;
    if (type.kind == Kind::text) {
        return refuse("the fewest and the most characters behind the colon, at most " +
                      std::to_string(value_bytes_max) + ", such as \"text:1..500\"");
    }
    return refuse(std::string{expected_bounds});
}

void read_bounds(Type& type, TableReader& table, ManifestReading& reading) {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    bool ordered = true;
    if (type.kind == Kind::integer) {
        type.integer_min = table.integer("min", least, most, type.integer_min);
        type.integer_max = table.integer("max", least, most, type.integer_max);
        ordered = type.integer_min <= type.integer_max;
    } else if (type.kind == Kind::number) {
        constexpr double highest = std::numeric_limits<double>::max();
        type.number_min = table.number("min", -highest, highest, type.number_min);
        type.number_max = table.number("max", -highest, highest, type.number_max);
        ordered = type.number_min <= type.number_max;
    } else if (type.kind == Kind::text) {
        constexpr auto longest = static_cast<std::int64_t>(value_bytes_max);
        type.text_min =
            static_cast<std::size_t>(table.integer("min", 0, longest, static_cast<std::int64_t>(type.text_min)));
        type.text_max =
            static_cast<std::size_t>(table.integer("max", 0, longest, static_cast<std::int64_t>(type.text_max)));
        ordered = type.text_min <= type.text_max;
    }
    if (!ordered) reading.refuse(table.path_of("min"), "expected at most what `max` is");
}

void read_item(Type& type, TableReader& table, ManifestReading& reading) {
    const Value* of = table.require("of", std::string{expected_type});
    type.of = {of == nullptr ? Type{} : read_type(*of, table.path_of("of"), reading)};
    if (type.of.front().optional)
        reading.refuse(table.path_of("of"), "expected a type without \"?\": what is missing is simply not there");
    type.items_max = static_cast<std::size_t>(table.integer("max", 1, value_nodes_max, value_nodes_max));
}

void read_values(Type& type, TableReader& table, ManifestReading& reading) {
    constexpr std::string_view expected = "a list of different texts, such as { \"on\", \"off\" }";
    const Value* values = table.require("values", std::string{expected});
    if (values == nullptr) return;
    const auto* list = values->get_if<Value::List>();
    bool good = list != nullptr && !list->empty() && list->size() <= TableReader::entries_max;
    for (std::size_t i = 0; good && i < list->size(); ++i) {
        const auto* text = (*list)[i].get_if<std::string>();
        good = text != nullptr && valid_utf8(*text) && std::ranges::find(type.values, *text) == type.values.end();
        if (good) type.values.push_back(*text);
    }
    if (!good) reading.refuse_value(table.path_of("values"), std::string{expected}, *values);
}

} // namespace

Type read_type(const Value& value, const std::string& path, ManifestReading& reading) {
    if (const auto* text = value.get_if<std::string>()) return read_text(*text, path, reading);
    if (value.get_if<Value::Map>() == nullptr) {
        reading.refuse_value(path, std::string{expected_type}, value);
        return {};
    }
    TableReader table{value, path, reading};
    Type type = read_type_table(table, reading);
    table.finish();
    return type;
}

Type read_type_table(TableReader& table, ManifestReading& reading) {
    Type type;
    const Value* named = table.require("type", std::string{expected_type});
    if (named == nullptr) return type;
    const auto* word = named->get_if<std::string>();
    if (word == nullptr) {
        reading.refuse_value(table.path_of("type"), "the name of a type", *named);
        return type;
    }
    const auto kind = std::ranges::find(kinds, *word, &std::pair<std::string_view, Kind>::first);
    if (kind != kinds.end() && !is_plain(kind->second)) {
        type.kind = kind->second;
    } else {
        const std::size_t problems = reading.problems.size();
        type = read_text(*word, table.path_of("type"), reading);
        if (reading.problems.size() > problems) { // what goes with a type that is not known is not known either
            for (const std::string_view key : {"optional", "min", "max", "key", "of", "fields", "values"})
                static_cast<void>(table.find(key));
            return type;
        }
    }
    type.optional = table.boolean("optional", type.optional);
    if (type.kind == Kind::map) type.key = read_key_kind(table);
    if (type.kind == Kind::list || type.kind == Kind::map) read_item(type, table, reading);
    if (type.kind == Kind::one_of) read_values(type, table, reading);
    if (type.kind == Kind::record) {
        if (const Value* fields = table.require("fields", "a table of types: { name = TYPE }"))
            type.fields = read_record(*fields, table.path_of("fields"), reading).fields;
    }
    read_bounds(type, table, reading);
    return type;
}

Type read_record(const Value& fields, const std::string& path, ManifestReading& reading) {
    Type type;
    type.kind = Kind::record;
    TableReader table{fields, path, reading}; // for its refusal of what is no table
    const auto* map = fields.get_if<Value::Map>();
    if (map == nullptr) return type;
    if (map->size() > TableReader::entries_max)
        reading.refuse(path, "expected at most " + std::to_string(TableReader::entries_max) + " fields, got " +
                                 std::to_string(map->size()));
    for (const auto& entry : *map) {
        if (!is_declared_name(entry.key)) {
            reading.refuse(table.path_of(entry.key), "expected a name that is " + std::string{declared_name_expected});
            continue;
        }
        type.fields.push_back({entry.key, read_type(entry.value, table.path_of(entry.key), reading)});
    }
    return type;
}

Type::Key read_key_kind(TableReader& table) {
    constexpr std::array<std::string_view, 3> names{"int", "text", "viewer"};
    constexpr std::array<Type::Key, 3> keys{Type::Key::integer, Type::Key::text, Type::Key::viewer};
    if (table.require("key", alternatives(names)) == nullptr) return Type::Key::text;
    return keys[table.one_of("key", names, 1)];
}

} // namespace playhead
