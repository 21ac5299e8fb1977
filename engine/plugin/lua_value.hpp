#pragma once

#include "core/result.hpp"
#include "core/value.hpp"

#include <array>
#include <cstddef>
#include <expected>
#include <string_view>

struct lua_State;

// Inside plugin only: plain data into Lua and out of it.
namespace playhead::lua {

// The text of an error that is to be raised later: it has no destructor, so that a jump past it loses nothing, and no
// memory of its own, so that it can always be made. Longer text is cut.
class Complaint {
  public:
    explicit Complaint(std::string_view text, ErrorCode code = ErrorCode::malformed);
    const char* text() const { return text_.data(); }
    ErrorCode code() const { return code_; }

  private:
    std::array<char, 400> text_{};
    ErrorCode code_;
};

// Raises it as an error of the Lua function that called, with its file:line before it.
[[noreturn]] void raise(lua_State* state, const Complaint& complaint);

struct ReadingLimits {
    std::size_t nodes_max = value_nodes_max;
    std::size_t depth_max = value_depth_max;
    std::size_t bytes_max = value_bytes_max; // of all texts and keys together
    // A table with integer keys that are not 1 to n: is it a map with decimal text as its keys, or a mistake?
    bool integer_keys = false;
};

// What stands at `index`, as data; metamethods are not asked, keys that scripts cannot see are left out. Never raises,
// so C++ objects may be alive.   Errors: what is not data, by its path: "lines[3].text is a function, which is not
// data".
std::expected<Value, Complaint> read_value(lua_State* state, int index, const ReadingLimits& limits = {});

// Pushes the value (tables are new ones). May raise for lack of memory or instructions: no C++ object with a destructor
// may be alive, the value itself must belong to somebody further out.
void push_value(lua_State* state, const Value& value);

} // namespace playhead::lua
