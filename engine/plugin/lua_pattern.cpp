#include "plugin/lua_pattern.hpp"

#include "plugin/lua_budget.hpp"

#include <lua.hpp>

#include <cstring>

namespace playhead::lua {
namespace {

constexpr char escape = '%';
constexpr std::int64_t charge_at = 128; // steps that are charged together

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return is_lower(c) || is_upper(c); }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_visible(char c) { return c > ' ' && c < '\x7f'; }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }
bool is_hexadecimal(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_punctuation(char c) { return is_visible(c) && !is_letter(c) && !is_digit(c); }

// %a, %d ...; a capital letter is the opposite; what is no letter of a class stands for itself.
bool in_class(char c, char letter) {
    const bool opposite = is_upper(letter);
    bool found = false;
    switch (opposite ? static_cast<char>(letter - 'A' + 'a') : letter) {
    case 'a': found = is_letter(c); break;
    case 'c': found = is_control(c); break;
    case 'd': found = is_digit(c); break;
    case 'g': found = is_visible(c); break;
    case 'l': found = is_lower(c); break;
    case 'p': found = is_punctuation(c); break;
    case 's': found = is_space(c); break;
    case 'u': found = is_upper(c); break;
    case 'w': found = is_letter(c) || is_digit(c); break;
    case 'x': found = is_hexadecimal(c); break;
    default: return letter == c;
    }
    return found != opposite;
}

unsigned char byte(char c) { return static_cast<unsigned char>(c); }

} // namespace

// The captures up to level_ are set; a search makes many matches, so the others are left alone.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
Matcher::Matcher(lua_State* state, std::string_view subject, std::string_view pattern)
    : state_(state),
      subject_(subject.data()),
      subject_end_(subject.data() + subject.size()),
      pattern_(pattern.data()),
      pattern_end_(pattern.data() + pattern.size()) {}

void Matcher::spend(std::int64_t steps) {
    spent_ += steps;
    if (spent_ >= charge_at) settle();
}

void Matcher::settle() {
    const std::int64_t spent = spent_;
    spent_ = 0;
    charge(state_, spent);
}

bool Matcher::in_set(char c, const char* set, const char* set_end) {
    // `set` is at the '[', `set_end` at the ']'.
    const char* at = set + 1;
    const bool opposite = *at == '^';
    if (opposite) ++at;
    const char* const begin = at;
    bool found = false;
    for (; !found && at < set_end; ++at) {
        if (*at == escape) {
            ++at;
            found = in_class(c, *at);
        } else if (at + 2 < set_end && at[1] == '-') {
            found = byte(*at) <= byte(c) && byte(c) <= byte(at[2]);
            at += 2;
        } else {
            found = *at == c;
        }
    }
    spend((at - begin) / 4);
    return found != opposite;
}

Matcher::Item Matcher::item_at(const char* begin) {
    const char* at = begin;
    const char first = *at++;
    if (first == escape) {
        if (at == pattern_end_) luaL_error(state_, "malformed pattern (ends with '%%')");
        return {begin, at + 1};
    }
    if (first != '[') return {begin, at};
    if (at < pattern_end_ && *at == '^') ++at;
    do { // a ']' that comes first stands for itself
        if (at == pattern_end_) luaL_error(state_, "malformed pattern (missing ']')");
        if (*at++ == escape) {
            if (at == pattern_end_) luaL_error(state_, "malformed pattern (missing ']')");
            ++at;
        }
    } while (at == pattern_end_ || *at != ']');
    spend((at - begin) / 4);
    return {begin, at + 1};
}

bool Matcher::matches(const char* at, Item item) {
    spend(1);
    if (at >= subject_end_) return false;
    switch (*item.begin) {
    case '.': return true;
    case escape: return in_class(*at, item.begin[1]);
    case '[': return in_set(*at, item.begin, item.end - 1);
    default: return *item.begin == *at;
    }
}

const char* Matcher::match_at(const char* from) {
    level_ = 0;
    depth_ = 0;
    return match(from, pattern_);
}

// Everything that can come after a choice is a call of match() on the rest, which is what recursion_max bounds.
const char* Matcher::match(const char* at, const char* item) {
    if (++depth_ > recursion_max) luaL_error(state_, "pattern too complex");
    const char* const end = match_parts(at, item);
    --depth_;
    return end;
}

const char* Matcher::match_parts(const char* at, const char* item) {
    while (item < pattern_end_) {
        spend(1);
        switch (*item) {
        case '(':
            if (item + 1 < pattern_end_ && item[1] == ')') return open_capture(at, item + 2, Capture::position);
            return open_capture(at, item + 1, Capture::open);
        case ')': return close_capture(at, item + 1);
        case '$':
            if (item + 1 == pattern_end_) return at == subject_end_ ? at : nullptr;
            break;
        case escape:
            if (item + 1 == pattern_end_) break;
            if (item[1] == 'b') {
                at = match_balance(at, item + 2);
                if (at == nullptr) return nullptr;
                item += 4;
                continue;
            }
            if (item[1] == 'f') {
                item += 2;
                if (item >= pattern_end_ || *item != '[') luaL_error(state_, "missing '[' after '%%f' in pattern");
                const Item set = item_at(item);
                at = match_frontier(at, set.begin, set.end - 1);
                if (at == nullptr) return nullptr;
                item = set.end;
                continue;
            }
            if (is_digit(item[1])) {
                at = match_back(at, item[1]);
                if (at == nullptr) return nullptr;
                item += 2;
                continue;
            }
            break;
        default: break;
        }
        const Item single = item_at(item);
        const char* const rest = single.end + 1;
        switch (single.end < pattern_end_ ? *single.end : '\0') {
        case '?':
            if (matches(at, single)) {
                if (const char* const end = match(at + 1, rest); end != nullptr) return end;
            }
            item = rest;
            continue;
        case '+': return matches(at, single) ? match_many(at + 1, single, rest) : nullptr;
        case '*': return match_many(at, single, rest);
        case '-': return match_few(at, single, rest);
        default: break;
        }
        if (!matches(at, single)) return nullptr;
        ++at;
        item = single.end;
    }
    return at;
}

const char* Matcher::match_many(const char* at, Item item, const char* rest) {
    std::ptrdiff_t count = 0;
    while (matches(at + count, item)) ++count;
    for (; count >= 0; --count)
        if (const char* const end = match(at + count, rest); end != nullptr) return end;
    return nullptr;
}

const char* Matcher::match_few(const char* at, Item item, const char* rest) {
    for (;; ++at) {
        if (const char* const end = match(at, rest); end != nullptr) return end;
        if (!matches(at, item)) return nullptr;
    }
}

const char* Matcher::match_balance(const char* at, const char* item) {
    if (pattern_end_ - item < 2) luaL_error(state_, "malformed pattern (missing arguments to '%%b')");
    if (at >= subject_end_ || *at != item[0]) return nullptr;
    std::ptrdiff_t open = 1;
    const char* found = nullptr;
    const char* to = at + 1;
    for (; found == nullptr && to < subject_end_; ++to) {
        if (*to == item[1]) {
            if (--open == 0) found = to + 1;
        } else if (*to == item[0]) {
            ++open;
        }
    }
    spend((to - at) / 4);
    return found;
}

const char* Matcher::match_frontier(const char* at, const char* set, const char* set_end) {
    const char before = at == subject_ ? '\0' : at[-1];
    const char after = at < subject_end_ ? *at : '\0';
    return !in_set(before, set, set_end) && in_set(after, set, set_end) ? at : nullptr;
}

const char* Matcher::match_back(const char* at, char digit) {
    const auto index = static_cast<std::size_t>(digit - '1'); // '0' wraps around and is out of range
    if (index >= level_ || captures_[index].size == Capture::open)
        luaL_error(state_, "invalid capture index %%%d", digit - '0');
    const Capture& capture = captures_[index];
    if (capture.size == Capture::position) return nullptr;
    const auto size = static_cast<std::size_t>(capture.size);
    constexpr std::size_t bytes_per_step = 32;
    spend(static_cast<std::int64_t>(size / bytes_per_step));
    if (static_cast<std::size_t>(subject_end_ - at) < size || std::memcmp(capture.begin, at, size) != 0) return nullptr;
    return at + size;
}

const char* Matcher::open_capture(const char* at, const char* rest, std::ptrdiff_t size) {
    if (level_ >= captures_max) luaL_error(state_, "too many captures");
    captures_[level_] = {at, size};
    ++level_;
    const char* const end = match(at, rest);
    if (end == nullptr) --level_;
    return end;
}

const char* Matcher::close_capture(const char* at, const char* rest) {
    std::size_t index = level_;
    while (index > 0 && captures_[index - 1].size != Capture::open) --index;
    if (index == 0) luaL_error(state_, "invalid pattern capture");
    Capture& capture = captures_[index - 1];
    capture.size = at - capture.begin;
    const char* const end = match(at, rest);
    if (end == nullptr) capture.size = Capture::open;
    return end;
}

void Matcher::push_capture(std::size_t index, const char* begin, const char* end) {
    if (index >= level_) {
        if (index != 0) luaL_error(state_, "invalid capture index %%%d", static_cast<int>(index) + 1);
        lua_pushlstring(state_, begin, static_cast<std::size_t>(end - begin));
        return;
    }
    const Capture& capture = captures_[index];
    if (capture.size == Capture::open) luaL_error(state_, "unfinished capture");
    if (capture.size == Capture::position) {
        lua_pushinteger(state_, capture.begin - subject_ + 1);
    } else {
        lua_pushlstring(state_, capture.begin, static_cast<std::size_t>(capture.size));
    }
}

int Matcher::push_captures(const char* begin, const char* end, bool whole_if_none) {
    const std::size_t count = level_ == 0 && whole_if_none ? 1 : level_;
    luaL_checkstack(state_, static_cast<int>(count), "too many captures");
    for (std::size_t i = 0; i < count; ++i) push_capture(i, begin, end);
    return static_cast<int>(count);
}

} // namespace playhead::lua
