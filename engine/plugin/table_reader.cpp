#include "plugin/table_reader.hpp"

#include "core/nearest.hpp"
#include "core/utf8.hpp"
#include "plugin/lua_source.hpp"
#include "plugin/script_value.hpp"

#include <algorithm>

namespace playhead {
namespace {

constexpr std::size_t name_bytes_max = 32;

} // namespace

void ManifestReading::refuse_value(const std::string& path, const std::string& expected, const Value& value) {
    refuse(path, "expected " + expected + ", got " + (value.is_nil() ? "nothing" : shown(value)));
}

std::optional<Value> ManifestReading::resolved(const Value& value, const std::string& path) {
    const auto* text = value.get_if<std::string>();
    if (text == nullptr || !text->starts_with('@') || settings == nullptr) return value;
    const std::string name = text->substr(1);
    if (const Value* setting = settings->find(name)) return setting->is_nil() ? std::nullopt : std::optional{*setting};
    std::vector<std::string> known;
    if (const auto* map = settings->get_if<Value::Map>())
        for (const auto& entry : *map) known.push_back(entry.key);
    const auto meant = nearest(known, name);
    refuse(path,
           "there is no setting " + quote_lua(name) + (meant ? "; did you mean " + quote_lua("@" + *meant) + "?" : ""));
    return std::nullopt;
}

bool is_declared_name(std::string_view text) { return text.size() <= name_bytes_max && is_lua_name(text); }

TableReader::TableReader(const Value& value, std::string path, ManifestReading& reading)
    : map_(value.get_if<Value::Map>()),
      path_(std::move(path)),
      reading_(reading) {
    static const Value::Map nothing; // which a script writes as {}, an empty list
    const auto* list = value.get_if<Value::List>();
    if (list != nullptr && list->empty()) map_ = &nothing;
    if (map_ == nullptr) reading_.refuse_value(path_, "a table with keys", value);
}

std::string TableReader::path_of(std::string_view key) const { return key_path(path_, key); }

const Value* TableReader::find(std::string_view key) {
    known_.push_back(path_of(key));
    if (map_ == nullptr) return nullptr;
    const auto at = std::ranges::find(*map_, key, &Value::Entry::key);
    return at == map_->end() ? nullptr : &at->value;
}

const Value* TableReader::require(std::string_view key, const std::string& expected) {
    const Value* value = find(key);
    if (value == nullptr && map_ != nullptr) reading_.refuse(path_of(key), "missing: expected " + expected);
    return value;
}

std::string TableReader::text(std::string_view key, std::size_t bytes_max) {
    const Value* value = find(key);
    if (value == nullptr) return {};
    const auto* text = value->get_if<std::string>();
    if (text != nullptr && text->size() <= bytes_max && valid_utf8(*text)) return *text;
    reading_.refuse_value(path_of(key), "text of at most " + std::to_string(bytes_max) + " bytes", *value);
    return {};
}

bool TableReader::boolean(std::string_view key, bool fallback) {
    const Value* value = find(key);
    if (value == nullptr) return fallback;
    if (const auto* flag = value->get_if<bool>()) return *flag;
    reading_.refuse_value(path_of(key), "true or false", *value);
    return fallback;
}

std::int64_t TableReader::integer(std::string_view key, std::int64_t min, std::int64_t max, std::int64_t fallback) {
    const Value* value = find(key);
    const auto resolved = value == nullptr ? std::nullopt : reading_.resolved(*value, path_of(key));
    if (!resolved) return fallback;
    const auto number = whole_number(*resolved);
    if (number && *number >= min && *number <= max) return *number;
    reading_.refuse_value(path_of(key),
                          "an integer from " + std::to_string(min) + " to " + std::to_string(max) + ", or \"@setting\"",
                          *resolved);
    return fallback;
}

double TableReader::number(std::string_view key, double min, double max, double fallback) {
    const Value* value = find(key);
    const auto resolved = value == nullptr ? std::nullopt : reading_.resolved(*value, path_of(key));
    if (!resolved) return fallback;
    const auto* real = resolved->get_if<double>();
    const auto* integer = resolved->get_if<std::int64_t>();
    const double number = real != nullptr ? *real : integer != nullptr ? static_cast<double>(*integer) : min - 1;
    if (number >= min && number <= max) return number;
    reading_.refuse_value(path_of(key),
                          "a number from " + shown(canonical(Value{min})) + " to " + shown(canonical(Value{max})) +
                              ", or \"@setting\"",
                          *resolved);
    return fallback;
}

std::size_t TableReader::one_of(std::string_view key, std::span<const std::string_view> names, std::size_t fallback) {
    const Value* value = find(key);
    if (value == nullptr) return fallback;
    const auto* text = value->get_if<std::string>();
    const auto at = text == nullptr ? names.end() : std::ranges::find(names, std::string_view{*text});
    if (at != names.end()) return static_cast<std::size_t>(at - names.begin());
    const auto meant =
        text == nullptr ? std::nullopt : nearest(std::vector<std::string>(names.begin(), names.end()), *text);
    reading_.refuse(path_of(key), "expected " + alternatives(names) + ", got " + shown(*value) +
                                      (meant ? "; did you mean " + quote_lua(*meant) + "?" : ""));
    return fallback;
}

void TableReader::each(
    std::string_view key, const std::function<bool(std::string_view)>& good_name, const std::string& expected,
    const std::function<void(const std::string& name, const Value& value, const std::string& path)>& visit) {
    const Value* value = find(key);
    if (value == nullptr) return;
    const auto* list = value->get_if<Value::List>();
    const auto* map = value->get_if<Value::Map>();
    if (map == nullptr) {
        if (list == nullptr || !list->empty()) reading_.refuse_value(path_of(key), "a table with keys", *value);
        return;
    }
    if (map->size() > entries_max) {
        reading_.refuse(path_of(key), "expected at most " + std::to_string(entries_max) + " entries, got " +
                                          std::to_string(map->size()));
        return;
    }
    for (const auto& entry : *map) {
        const std::string here = key_path(path_of(key), entry.key);
        if (!good_name(entry.key)) {
            reading_.refuse(here, "expected a name that is " + expected);
            continue;
        }
        visit(entry.key, entry.value, here);
    }
}

void TableReader::finish() {
    if (map_ == nullptr) return;
    for (const auto& entry : *map_) {
        const std::string here = path_of(entry.key);
        if (std::ranges::find(known_, here) == known_.end()) reading_.refuse(here, no_such_key(known_, here));
    }
}

} // namespace playhead
