#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

struct lua_State;

// Inside plugin only.
namespace playhead::lua {

// Matches Lua patterns (section 6.4.1 of the Lua 5.4 manual) step by step within the instruction budget. Lua's own
// matcher backtracks inside one C call, so ("a"):rep(2000):find("a*a*b") takes ten seconds that nothing sees.
//   Errors: raises those of a malformed pattern, with the words of Lua; "pattern too complex" where it would recurse
//           deeper than recursion_max; and the end of the budget. It has no destructor, so a jump past it is harmless.
//   Shapes: byte classes are those of ASCII, whatever the locale.
class Matcher {
  public:
    static constexpr int recursion_max = 200;
    static constexpr std::size_t captures_max = 32;

    // Both texts belong to Lua and must stay on its stack. Text ends with a NUL beyond its size, as Lua's does.
    Matcher(lua_State* state, std::string_view subject, std::string_view pattern);

    // The end of the match that begins exactly at `from`, or null. Captures are those of this match.
    const char* match_at(const char* from);

    std::size_t capture_count() const { return level_; }
    // Pushes the capture (counted from 0) as text, or as a position; capture 0 of a pattern without any is the match.
    void push_capture(std::size_t index, const char* begin, const char* end);
    // All captures, or the whole match if there are none (and `whole_if_none`); how many.
    int push_captures(const char* begin, const char* end, bool whole_if_none);

    // Adds to what is charged; raises when it is too much.
    void spend(std::int64_t steps);
    // What was spent and not charged yet. To be called at the end.
    void settle();

  private:
    // A single-character item of the pattern: a character, a class or a set.
    struct Item {
        const char* begin;
        const char* end;
    };
    struct Capture {
        const char* begin;
        std::ptrdiff_t size; // or one of these
        static constexpr std::ptrdiff_t open = -1;
        static constexpr std::ptrdiff_t position = -2;
    };

    const char* match(const char* at, const char* item);
    const char* match_parts(const char* at, const char* item);
    const char* match_many(const char* at, Item item, const char* rest);
    const char* match_few(const char* at, Item item, const char* rest);
    const char* match_balance(const char* at, const char* item);
    const char* match_frontier(const char* at, const char* set, const char* set_end);
    const char* match_back(const char* at, char digit);
    const char* open_capture(const char* at, const char* rest, std::ptrdiff_t size);
    const char* close_capture(const char* at, const char* rest);
    Item item_at(const char* begin);
    bool matches(const char* at, Item item);
    bool in_set(char c, const char* set, const char* set_end);

    lua_State* state_;
    const char* subject_;
    const char* subject_end_;
    const char* pattern_;
    const char* pattern_end_;
    std::int64_t spent_ = 0;
    int depth_ = 0;
    std::size_t level_ = 0;
    std::array<Capture, captures_max> captures_;
};

} // namespace playhead::lua
