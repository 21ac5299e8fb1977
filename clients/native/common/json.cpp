#include "common/json.hpp"

#include <boost/json.hpp>

#include <cmath>
#include <utility>

namespace playhead::programs {
namespace {

namespace json = boost::json;

Value plain(const json::value& from) {
    switch (from.kind()) {
    case json::kind::null: return {};
    case json::kind::bool_: return Value{from.get_bool()};
    case json::kind::int64: return Value{from.get_int64()};
    case json::kind::uint64: return Value{static_cast<double>(from.get_uint64())}; // above int64
    case json::kind::double_: return Value{from.get_double()};
    case json::kind::string: return Value{std::string{from.get_string()}};
    case json::kind::array: {
        Value::List list;
        list.reserve(from.get_array().size());
        for (const json::value& item : from.get_array()) list.push_back(plain(item));
        return Value{std::move(list)};
    }
    case json::kind::object: {
        Value::Map map;
        map.reserve(from.get_object().size());
        for (const auto& member : from.get_object()) map.push_back({std::string{member.key()}, plain(member.value())});
        return sorted_map(std::move(map));
    }
    }
    return {};
}

json::value jsoned(const Value& from) {
    if (const bool* flag = from.get_if<bool>()) return json::value(*flag);
    if (const std::int64_t* integer = from.get_if<std::int64_t>()) return json::value(*integer);
    if (const double* number = from.get_if<double>())
        return std::isfinite(*number) ? json::value(*number) : json::value();
    if (const std::string* text = from.get_if<std::string>()) return json::value(*text);
    if (const Value::List* list = from.get_if<Value::List>()) {
        json::array array;
        array.reserve(list->size());
        for (const Value& item : *list) array.push_back(jsoned(item));
        return array;
    }
    if (const Value::Map* map = from.get_if<Value::Map>()) {
        json::object object;
        object.reserve(map->size());
        for (const Value::Entry& entry : *map) object[entry.key] = jsoned(entry.value);
        return object;
    }
    return {};
}

} // namespace

std::expected<Value, std::string> parse_json(std::string_view text) {
    json::parse_options options;
    options.max_depth = json_depth_max;
    options.allow_invalid_utf8 = true;
    boost::system::error_code failed;
    const json::value parsed = json::parse(text, failed, {}, options);
    if (failed) return std::unexpected("this is not JSON: " + failed.message());
    return plain(parsed);
}

std::string to_json(const Value& value) { return json::serialize(jsoned(value)); }

Value object(std::initializer_list<Value::Entry> entries) { return sorted_map(Value::Map{entries}); }

std::string text_of(const Value& map, std::string_view key) {
    const Value* found = map.find(key);
    const std::string* text = found == nullptr ? nullptr : found->get_if<std::string>();
    return text == nullptr ? std::string{} : *text;
}

double number_of(const Value& map, std::string_view key, double otherwise) {
    const Value* found = map.find(key);
    if (found == nullptr) return otherwise;
    if (const std::int64_t* integer = found->get_if<std::int64_t>()) return static_cast<double>(*integer);
    const double* number = found->get_if<double>();
    return number == nullptr ? otherwise : *number;
}

bool flag_of(const Value& map, std::string_view key) {
    const Value* found = map.find(key);
    const bool* flag = found == nullptr ? nullptr : found->get_if<bool>();
    return flag != nullptr && *flag;
}

} // namespace playhead::programs
