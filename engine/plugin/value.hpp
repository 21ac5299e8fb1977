#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace playhead {

// What a script says, without the script: plain data that copies, compares and prints.
//   Shapes: a map has text keys, in byte order, each once; a list has no holes. An empty Lua table is an empty list.
//           Text is bytes: whoever needs UTF-8 checks it.
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

// Lua source that yields the value, one key a line; `indent` is how many levels it stands in.
std::string to_lua(const Value& value, std::size_t indent = 0);
// Lua source of one text, with everything that is not plain escaped.
std::string quote_lua(std::string_view text);
// Can this stand as a key without brackets and quotes? Not if it is a word of the language.
bool is_lua_name(std::string_view text);

} // namespace playhead
