#include "plugin/type.hpp"

#include "core/nearest.hpp"
#include "core/utf8.hpp"
#include "plugin/script_value.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace playhead {
namespace {

constexpr std::int64_t viewer_max = std::numeric_limits<std::uint32_t>::max();

std::string number_text(double value) { return shown(canonical(Value{value})); }

// " from 1 to 10", " of at least 1", " of at most 10", or nothing.
template <class Number, class Write>
std::string bounds(Number min, Number max, Number none_below, Number none_above, Write write) {
    if (min > none_below && max < none_above) return " from " + write(min) + " to " + write(max);
    if (min > none_below) return " of at least " + write(min);
    if (max < none_above) return " of at most " + write(max);
    return "";
}

std::string describe_text(const Type& type) {
    if (type.text_min > 0)
        return "text of " + std::to_string(type.text_min) + " to " + std::to_string(type.text_max) + " characters";
    if (type.text_max < value_bytes_max) return "text of at most " + std::to_string(type.text_max) + " characters";
    return "text";
}

std::string at_most(const Type& type) {
    return type.items_max < value_nodes_max ? " of at most " + std::to_string(type.items_max) : std::string{};
}

std::string describe_record(const Type& type) {
    std::string names;
    for (const TypeField& field : type.fields)
        names += (names.empty() ? "" : ", ") + field.name + (field.type.optional ? "?" : "");
    return names.empty() ? "an empty table" : "a table with " + names;
}

std::string describe_present(const Type& type) {
    const auto integer_text = [](std::int64_t value) { return std::to_string(value); };
    using Integers = std::numeric_limits<std::int64_t>;
    using Numbers = std::numeric_limits<double>;
    switch (type.kind) {
    case Type::Kind::any: return "any value";
    case Type::Kind::boolean: return "true or false";
    case Type::Kind::integer:
        return "an integer" +
               bounds(type.integer_min, type.integer_max, Integers::min(), Integers::max(), integer_text);
    case Type::Kind::number:
        return "a number" + bounds(type.number_min, type.number_max, Numbers::lowest(), Numbers::max(), number_text);
    case Type::Kind::text: return describe_text(type);
    case Type::Kind::viewer: return "a viewer's id";
    case Type::Kind::list: return "a list" + at_most(type);
    case Type::Kind::map: return "a table" + at_most(type) + " whose keys are " + std::string{describe(type.key)};
    case Type::Kind::record: return describe_record(type);
    case Type::Kind::one_of: {
        std::string names;
        for (const std::string& value : type.values) names += (names.empty() ? "one of " : ", ") + shown(Value{value});
        return names;
    }
    }
    return "a value";
}

// Why a value is not of its type; the path grows towards the outside as the search returns.
struct Mismatch {
    std::string path; // below the value: ".text", "[3].from"
    std::string why;
};

using Checked = std::expected<Value, Mismatch>;

// Goes through one value. Counts as it goes, so that no value is larger than the engine carries anywhere.
class Checker {
  public:
    Checked check(const Type& type, Value&& value, std::size_t depth) {
        if (++nodes_ > value_nodes_max) return refuse("more than " + std::to_string(value_nodes_max) + " values");
        const bool holds_others = value.get_if<Value::List>() != nullptr || value.get_if<Value::Map>() != nullptr;
        if (holds_others && depth == value_depth_max)
            return refuse("nested deeper than " + std::to_string(value_depth_max));
        if (value.is_nil()) {
            if (type.optional) return Value{};
            return refuse("expected " + describe(type) + ", got nothing");
        }
        switch (type.kind) {
        case Type::Kind::any: return check_any(std::move(value), depth);
        case Type::Kind::boolean:
            if (value.get_if<bool>() == nullptr) return wrong(type, shown(value));
            return std::move(value);
        case Type::Kind::integer: return check_integer(type, value, type.integer_min, type.integer_max);
        case Type::Kind::viewer: return check_integer(type, value, 1, viewer_max);
        case Type::Kind::number: return check_number(type, value);
        case Type::Kind::text: return check_text(type, std::move(value));
        case Type::Kind::one_of: return check_one_of(type, std::move(value));
        case Type::Kind::list: return check_list(type, std::move(value), depth);
        case Type::Kind::map: return check_map(type, std::move(value), depth);
        case Type::Kind::record: return check_record(type, std::move(value), depth);
        }
        return wrong(type, shown(value));
    }

  private:
    static std::unexpected<Mismatch> refuse(std::string why) { return std::unexpected(Mismatch{"", std::move(why)}); }
    static std::unexpected<Mismatch> wrong(const Type& type, const std::string& got) {
        return refuse("expected " + describe(type) + ", got " + got);
    }
    static std::unexpected<Mismatch> below(const std::string& path, Mismatch&& mismatch) {
        mismatch.path.insert(0, path);
        return std::unexpected(std::move(mismatch));
    }
    static std::string below_key(const std::string& key) {
        const std::string path = key_path("", key);
        return path.starts_with('[') ? path : "." + path;
    }

    static Checked check_integer(const Type& type, const Value& value, std::int64_t min, std::int64_t max) {
        const auto number = whole_number(value);
        if (!number || *number < min || *number > max) return wrong(type, shown(value));
        return Value{*number};
    }

    static Checked check_number(const Type& type, const Value& value) {
        const auto* real = value.get_if<double>();
        const auto* integer = value.get_if<std::int64_t>();
        if (real == nullptr && integer == nullptr) return wrong(type, shown(value));
        const double number = real != nullptr ? *real : static_cast<double>(*integer);
        if (!std::isfinite(number) || number < type.number_min || number > type.number_max)
            return wrong(type, shown(value));
        return canonical(value);
    }

    static Checked check_text(const Type& type, Value&& value) {
        const auto* text = value.get_if<std::string>();
        if (text == nullptr || !valid_utf8(*text)) return wrong(type, shown(value));
        const auto characters = static_cast<std::size_t>(std::ranges::count_if(*text, [](char c) {
            return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; // every byte but those that continue a code point
        }));
        if (characters < type.text_min || characters > type.text_max) return wrong(type, std::to_string(characters));
        return std::move(value);
    }

    static Checked check_one_of(const Type& type, Value&& value) {
        const auto* text = value.get_if<std::string>();
        if (text == nullptr || std::ranges::find(type.values, *text) == type.values.end())
            return wrong(type, shown(value));
        return std::move(value);
    }

    Checked check_list(const Type& type, Value&& value, std::size_t depth) {
        if (const auto* map = value.get_if<Value::Map>(); map != nullptr && map->empty()) return Value{Value::List{}};
        auto* list = std::get_if<Value::List>(&value.content);
        if (list == nullptr) return wrong(type, shown(value));
        if (list->size() > type.items_max) return wrong(type, std::to_string(list->size()));
        for (std::size_t i = 0; i < list->size(); ++i) {
            Value& item = (*list)[i];
            auto good = check(type.of.front(), std::move(item), depth + 1);
            if (!good) return below(item_path("", i + 1), std::move(good.error()));
            item = *std::move(good);
        }
        return std::move(value);
    }

    Checked check_map(const Type& type, Value&& value, std::size_t depth) {
        if (auto* list = std::get_if<Value::List>(&value.content)) {
            if (!list->empty() && type.key == Type::Key::text) return wrong(type, shown(value));
            value = numbered(std::move(*list));
        }
        auto* map = std::get_if<Value::Map>(&value.content);
        if (map == nullptr) return wrong(type, shown(value));
        if (map->size() > type.items_max) return wrong(type, std::to_string(map->size()));
        for (auto& [key, item] : *map) {
            if (!is_key(type.key, key))
                return refuse("expected keys that are " + std::string{describe(type.key)} + ", got " +
                              shown(Value{key}));
            if (item.is_nil()) continue;
            auto good = check(type.of.front(), std::move(item), depth + 1);
            if (!good) return below(below_key(key), std::move(good.error()));
            item = *std::move(good);
        }
        std::erase_if(*map, [](const Value::Entry& entry) { return entry.value.is_nil(); });
        return std::move(value);
    }

    static Value numbered(Value::List&& list) {
        Value::Map map;
        for (std::size_t i = 0; i < list.size(); ++i) map.push_back({std::to_string(i + 1), std::move(list[i])});
        std::ranges::sort(map, {}, &Value::Entry::key);
        return Value{std::move(map)};
    }

    Checked check_record(const Type& type, Value&& value, std::size_t depth) {
        Value::Map none;
        auto* map = std::get_if<Value::Map>(&value.content);
        if (const auto* list = value.get_if<Value::List>(); list != nullptr && list->empty()) map = &none;
        if (map == nullptr) return wrong(type, shown(value));
        for (const auto& entry : *map)
            if (type.field(entry.key) == nullptr) return unknown_field(type, entry.key);
        Value::Map fields;
        for (const TypeField& field : type.fields) { // in byte order, as a map has to be
            const auto entry = std::ranges::find(*map, field.name, &Value::Entry::key);
            auto good = check(field.type, entry == map->end() ? Value{} : std::move(entry->value), depth + 1);
            if (!good) return below(below_key(field.name), std::move(good.error()));
            if (!good->is_nil()) fields.push_back({field.name, *std::move(good)});
        }
        return Value{std::move(fields)};
    }

    static std::unexpected<Mismatch> unknown_field(const Type& type, const std::string& key) {
        std::vector<std::string> known;
        known.reserve(type.fields.size());
        for (const TypeField& field : type.fields) known.push_back(field.name);
        const auto meant = nearest(known, key);
        return below(below_key(key), Mismatch{"", "there is no such field; " + (meant ? "did you mean " + *meant + "?"
                                                                                      : "expected " + describe(type))});
    }

    Checked check_any(Value&& value, std::size_t depth) {
        static const Type anything;
        if (const auto* real = value.get_if<double>()) {
            if (!std::isfinite(*real)) return refuse("expected a number that is finite, got " + shown(value));
            return canonical(std::move(value));
        }
        if (const auto* text = value.get_if<std::string>(); text != nullptr && !valid_utf8(*text))
            return refuse("expected text in UTF-8, got " + shown(value));
        if (auto* list = std::get_if<Value::List>(&value.content)) {
            for (std::size_t i = 0; i < list->size(); ++i) {
                auto good = check(anything, std::move((*list)[i]), depth + 1);
                if (!good) return below(item_path("", i + 1), std::move(good.error()));
                (*list)[i] = *std::move(good);
            }
        }
        if (auto* map = std::get_if<Value::Map>(&value.content)) {
            std::erase_if(*map, [](const Value::Entry& entry) { return entry.value.is_nil(); });
            for (auto& [key, item] : *map) {
                if (!is_key(Type::Key::text, key))
                    return refuse("expected keys that are text in UTF-8, got " + shown(Value{key}));
                auto good = check(anything, std::move(item), depth + 1);
                if (!good) return below(below_key(key), std::move(good.error()));
                item = *std::move(good);
            }
        }
        return std::move(value);
    }

    std::size_t nodes_ = 0;
};

} // namespace

const Type* Type::field(std::string_view name) const {
    const auto at = std::ranges::find(fields, name, &TypeField::name);
    return at == fields.end() ? nullptr : &at->type;
}

std::string describe(const Type& type) { return describe_present(type) + (type.optional ? " or nothing" : ""); }

std::string_view describe(Type::Key key) {
    switch (key) {
    case Type::Key::integer: return "integers";
    case Type::Key::text: return "text";
    case Type::Key::viewer: return "viewers' ids";
    }
    return "";
}

bool is_key(Type::Key kind, std::string_view text) {
    if (kind == Type::Key::text) return !text.empty() && !text.contains('\0') && valid_utf8(text);
    std::int64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size() || std::to_string(value) != text) return false;
    return kind == Type::Key::integer || (value >= 1 && value <= viewer_max);
}

std::expected<Value, std::string> checked(const Type& type, Value value, std::string_view path) {
    auto good = Checker{}.check(type, std::move(value), 0);
    if (good) {
        const std::size_t bytes = wire_bytes_max(*good);
        if (bytes <= value_bytes_max) return *std::move(good);
        good = std::unexpected(Mismatch{"", "takes up to " + std::to_string(bytes) + " bytes, more than " +
                                                std::to_string(value_bytes_max)});
    }
    Mismatch& mismatch = good.error();
    if (path.empty() && mismatch.path.starts_with('.')) mismatch.path.erase(0, 1);
    const std::string where = std::string{path} + mismatch.path;
    return std::unexpected(where.empty() ? mismatch.why : where + ": " + mismatch.why);
}

} // namespace playhead
