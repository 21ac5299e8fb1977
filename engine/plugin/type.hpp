#pragma once

#include "core/value.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace playhead {

struct TypeField;

// What a plugin says a value must be: of a setting, an argument, an entry of its state, an event, a topic.
//   Shapes:  in a manifest it is a text such as "int:1..10", "text:1..500" or "viewer?", or a table with `type` in it
//            (read_type in type_reading.hpp). "?" is for what may be missing.
//   Values:  canonical ones, see checked(). A map whose keys are integers or viewers has them as decimal text, since
//            the keys of a Value are text.
struct Type {
    enum class Kind : std::uint8_t { any, boolean, integer, number, text, viewer, list, map, record, one_of };
    enum class Key : std::uint8_t { integer, text, viewer };

    Kind kind = Kind::any;
    bool optional = false;
    std::int64_t integer_min = std::numeric_limits<std::int64_t>::min();
    std::int64_t integer_max = std::numeric_limits<std::int64_t>::max();
    double number_min = std::numeric_limits<double>::lowest();
    double number_max = std::numeric_limits<double>::max();
    std::size_t text_min = 0; // code points
    std::size_t text_max = value_bytes_max;
    std::size_t items_max = value_nodes_max; // of a list or map
    Key key = Key::text;                     // of a map
    std::vector<Type> of;                    // one: of the items of a list or map
    std::vector<TypeField> fields;           // of a record, in byte order of their names
    std::vector<std::string> values;         // of one_of

    const Type* field(std::string_view name) const;
    bool operator==(const Type&) const;
};

struct TypeField {
    std::string name;
    Type type;
    bool operator==(const TypeField&) const = default;
};

inline bool Type::operator==(const Type&) const = default;

// "text of 1 to 500 characters", "an integer from 1 to 10", "one of \"a\", \"b\"", "a list of at most 20: a viewer".
std::string describe(const Type& type);
// The same for the keys of a map: "integers", "text", "viewers' ids".
std::string_view describe(Type::Key key);

// The value as the type has it, or why it is not one: "args.text: expected text of 1 to 500 characters, got 612".
// `path` is how the value itself is called.
//   Canonical: as core/value.hpp has it, so that the result may travel. An empty list where a map or record is wanted
//              becomes an empty map and the other way round (Lua and JavaScript have one empty table for both), a list
//              where a map with integer keys is wanted becomes a map of 1 to n; absent fields and nils in maps are left
//              out. Nothing else is converted.
//   Errors:    also for text that is not UTF-8, for numbers that are not finite, and for what is too large or too deep
//              to travel.
std::expected<Value, std::string> checked(const Type& type, Value value, std::string_view path);

// Is the text a key of that kind as it stands in a map ("7", not "07" or "7.0")?
bool is_key(Type::Key kind, std::string_view text);

} // namespace playhead
