#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace playhead {

// Limits of one value that travels or is kept: what plugins replicate, arguments, results, what events carry.
inline constexpr std::size_t value_bytes_max = 8 * 1024;
inline constexpr std::size_t value_depth_max = 8;     // lists and maps inside each other; plain data has depth 0
inline constexpr std::size_t value_nodes_max = 1'000; // itself and everything in it

// Plain data that describes itself: what a script says, without the script. It copies, compares and prints.
//   Shapes: a map has text keys, in byte order, each once; a list has no holes. An empty Lua table is an empty list.
//           Text is bytes: whoever needs UTF-8 checks it (see canonical_fault).
struct Value {
    struct Entry;
    using List = std::vector<Value>;
    using Map = std::vector<Entry>;

    std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map> content;

    Value() = default;
    template <class T>
        requires requires(T&& from) { decltype(content){std::forward<T>(from)}; }
    explicit Value(T&& from) : content(std::forward<T>(from)) {}

    template <class T>
    const T* get_if() const {
        return std::get_if<T>(&content);
    }
    bool is_nil() const { return std::holds_alternative<std::monostate>(content); }
    // The value under `key`, if this is a map and has it.
    const Value* find(std::string_view key) const;

    bool operator==(const Value&) const;
};

struct Value::Entry {
    std::string key;
    Value value;
    bool operator==(const Entry&) const = default;
};

inline bool Value::operator==(const Value&) const = default;

// "nil", "a boolean", "an integer", "a number", "text", "a list", "a table"; for messages.
std::string_view type_name(const Value& value);

// A map from entries in any order.   Errors: of two entries with one key the last one counts.
Value sorted_map(Value::Map entries);

// The same value with its numbers in their one form: what is a whole number of at most 2^53 is an integer (so that
// languages with one kind of number agree with those with two, and -0 is 0).
Value canonical(Value value);

// Why a value may not travel, in words that name the place ("lines[3].text is not UTF-8"); empty if it may.
// It may if it keeps the limits above, its numbers are finite and in their one form, its text is UTF-8, and the keys of
// its maps are in byte order, each once, without NUL.
std::optional<std::string> canonical_fault(const Value& value);

// No less than the bytes that a value takes on the wire, whatever the widths of its parts: what quotas are counted in.
std::size_t wire_bytes_max(const Value& value);

} // namespace playhead
