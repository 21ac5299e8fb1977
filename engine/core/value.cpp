#include "core/value.hpp"

#include "core/utf8.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

namespace playhead {
namespace {

// Every integer up to here is a double of its own: beyond it, a whole double may stand for several integers.
constexpr double whole_max = 9'007'199'254'740'992.0; // 2^53

bool is_integer_in_disguise(double number) { return std::trunc(number) == number && std::abs(number) <= whole_max; }

// Walks a value with the place it has come to, and keeps the first fault.
class CanonicalCheck {
  public:
    void visit(const Value& value, std::size_t depth) {
        if (fault_) return;
        if (++nodes_ > value_nodes_max) return fail("has more than " + std::to_string(value_nodes_max) + " values");
        if (const auto* number = value.get_if<double>()) return visit(*number);
        if (const auto* text = value.get_if<std::string>()) {
            if (!valid_utf8(*text)) fail("is not UTF-8");
            return;
        }
        const auto* list = value.get_if<Value::List>();
        const auto* map = value.get_if<Value::Map>();
        if (list == nullptr && map == nullptr) return;
        if (depth == value_depth_max) return fail("is nested deeper than " + std::to_string(value_depth_max));
        if (list != nullptr) visit(*list, depth + 1);
        if (map != nullptr) visit(*map, depth + 1);
    }
    std::optional<std::string> fault() && { return std::move(fault_); }

  private:
    void visit(double number) {
        if (!std::isfinite(number)) return fail("is a number that is not finite");
        if (is_integer_in_disguise(number)) fail("is a whole number that is not written as an integer");
    }
    void visit(const Value::List& list, std::size_t depth) {
        for (std::size_t index = 0; index < list.size() && !fault_; ++index) {
            const std::size_t length = place_.size();
            place_ += '[' + std::to_string(index + 1) + ']';
            visit(list[index], depth);
            place_.resize(length);
        }
    }
    void visit(const Value::Map& map, std::size_t depth) {
        const Value::Entry* before = nullptr;
        for (const Value::Entry& entry : map) {
            if (fault_) return;
            if (!valid_utf8(entry.key)) return fail("has a key that is not UTF-8");
            if (entry.key.find('\0') != std::string::npos) return fail("has a key with a NUL in it");
            if (before != nullptr && before->key >= entry.key) {
                return fail("has the key \"" + entry.key + "\" twice, or out of byte order");
            }
            before = &entry;
            const std::size_t length = place_.size();
            place_ += (place_.empty() ? "" : ".") + entry.key;
            visit(entry.value, depth);
            place_.resize(length);
        }
    }
    void fail(const std::string& what) {
        if (!fault_) fault_ = (place_.empty() ? "the value" : place_) + ' ' + what;
    }

    std::string place_;
    std::size_t nodes_ = 0;
    std::optional<std::string> fault_;
};

// In a FlexBuffer each value has a slot of at most 8 bytes and a type byte in what holds it; what is longer stands
// elsewhere, aligned to at most 8, with its length before it. A key is its text and a NUL, and a slot in the vector of
// keys, which each map refers to with two more words.
constexpr std::size_t word_bytes = 8;
constexpr std::size_t padding_bytes = word_bytes - 1;
constexpr std::size_t slot_bytes = word_bytes + 1;

std::size_t bytes_within(const Value& value) {
    if (const auto* text = value.get_if<std::string>()) {
        return slot_bytes + padding_bytes + word_bytes + text->size() + 1;
    }
    if (const auto* list = value.get_if<Value::List>()) {
        std::size_t bytes = slot_bytes + padding_bytes + word_bytes;
        for (const Value& item : *list) bytes += bytes_within(item);
        return bytes;
    }
    if (const auto* map = value.get_if<Value::Map>()) {
        std::size_t bytes = slot_bytes + 2 * (padding_bytes + word_bytes) + 2 * word_bytes;
        for (const Value::Entry& entry : *map) bytes += word_bytes + entry.key.size() + 1 + bytes_within(entry.value);
        return bytes;
    }
    return slot_bytes;
}

} // namespace

const Value* Value::find(std::string_view key) const {
    const auto* map = get_if<Map>();
    if (map == nullptr) return nullptr;
    const auto at =
        std::ranges::lower_bound(*map, key, {}, [](const Entry& entry) { return std::string_view{entry.key}; });
    return at != map->end() && at->key == key ? &at->value : nullptr;
}

std::string_view type_name(const Value& value) {
    constexpr std::array<std::string_view, 7> names{"nil",  "a boolean", "an integer", "a number",
                                                    "text", "a list",    "a table"};
    return names[value.content.index()];
}

Value sorted_map(Value::Map entries) {
    std::map<std::string, Value> sorted;
    for (Value::Entry& entry : entries) sorted.insert_or_assign(std::move(entry.key), std::move(entry.value));
    Value::Map map;
    map.reserve(sorted.size());
    for (auto& [key, value] : sorted) map.push_back({.key = key, .value = std::move(value)});
    return Value{std::move(map)};
}

Value canonical(Value value) {
    if (const auto* number = value.get_if<double>(); number != nullptr && is_integer_in_disguise(*number)) {
        return Value{static_cast<std::int64_t>(*number)};
    }
    if (auto* list = std::get_if<Value::List>(&value.content)) {
        for (Value& item : *list) item = canonical(std::move(item));
    }
    if (auto* map = std::get_if<Value::Map>(&value.content)) {
        for (Value::Entry& entry : *map) entry.value = canonical(std::move(entry.value));
    }
    return value;
}

std::optional<std::string> canonical_fault(const Value& value) {
    CanonicalCheck check;
    check.visit(value, 0);
    if (auto fault = std::move(check).fault()) return fault;
    const std::size_t bytes = wire_bytes_max(value);
    if (bytes <= value_bytes_max) return std::nullopt;
    return "the value may take " + std::to_string(bytes) + " bytes, more than " + std::to_string(value_bytes_max);
}

// The outermost is aligned too, and says its width.
std::size_t wire_bytes_max(const Value& value) { return padding_bytes + bytes_within(value) + 1; }

} // namespace playhead
