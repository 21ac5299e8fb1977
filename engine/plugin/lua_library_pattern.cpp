#include "plugin/lua_budget.hpp"
#include "plugin/lua_library.hpp"
#include "plugin/lua_pattern.hpp"

#include <lua.hpp>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace playhead::lua {
namespace {

constexpr std::int64_t call_cost = 8;

std::string_view check_text(lua_State* state, int argument) {
    std::size_t size = 0;
    const char* text = luaL_checklstring(state, argument, &size);
    return {text, size};
}

// Where to begin, counted from 0: 1 is the first byte, -1 the last; beyond the end by more than one if given so.
std::size_t check_start(lua_State* state, int argument, std::size_t size) {
    const lua_Integer start = luaL_optinteger(state, argument, 1);
    if (start > 0) return static_cast<std::size_t>(start) - 1;
    if (start == 0 || start < -static_cast<lua_Integer>(size)) return 0;
    return size - static_cast<std::size_t>(-start);
}

bool is_plain(std::string_view pattern) { return pattern.find_first_of("^$*+?.([%-") == std::string_view::npos; }

// The first place at or after `from` that holds `wanted`; null if there is none.
const char* search(Matcher& matcher, const char* from, const char* end, std::string_view wanted) {
    constexpr std::size_t bytes_per_step = 64;
    const auto size = static_cast<std::ptrdiff_t>(wanted.size());
    matcher.spend((end - from) / static_cast<std::ptrdiff_t>(bytes_per_step));
    if (size == 0) return from;
    for (; end - from >= size; ++from) {
        from = static_cast<const char*>(
            std::memchr(from, wanted.front(), static_cast<std::size_t>(end - from - size + 1)));
        if (from == nullptr) return nullptr;
        matcher.spend(1 + size / static_cast<std::ptrdiff_t>(bytes_per_step));
        if (std::memcmp(from, wanted.data(), wanted.size()) == 0) return from;
    }
    return nullptr;
}

int find_or_match(lua_State* state, bool find) {
    const std::string_view subject = check_text(state, 1);
    std::string_view pattern = check_text(state, 2);
    const std::size_t start = check_start(state, 3, subject.size());
    charge(state, call_cost);
    if (start > subject.size()) {
        lua_pushnil(state);
        return 1;
    }
    const char* from = subject.data() + start;
    const char* const end = subject.data() + subject.size();
    if (find && (lua_toboolean(state, 4) != 0 || is_plain(pattern))) {
        Matcher matcher{state, subject, pattern};
        const char* const found = search(matcher, from, end, pattern);
        matcher.settle();
        if (found == nullptr) {
            lua_pushnil(state);
            return 1;
        }
        lua_pushinteger(state, found - subject.data() + 1);
        lua_pushinteger(state, found - subject.data() + static_cast<std::ptrdiff_t>(pattern.size()));
        return 2;
    }
    const bool anchored = pattern.starts_with('^');
    if (anchored) pattern.remove_prefix(1);
    Matcher matcher{state, subject, pattern};
    for (; from <= end; ++from) {
        if (const char* const stop = matcher.match_at(from); stop != nullptr) {
            matcher.settle();
            if (!find) return matcher.push_captures(from, stop, true);
            lua_pushinteger(state, from - subject.data() + 1);
            lua_pushinteger(state, stop - subject.data());
            return matcher.push_captures(from, stop, false) + 2;
        }
        if (anchored) break;
    }
    matcher.settle();
    lua_pushnil(state);
    return 1;
}

// string.find(text, pattern, start = 1, plain = false) -> first, last, captures | nil
int find(lua_State* state) { return find_or_match(state, true); }

// string.match(text, pattern, start = 1) -> captures, or the whole match | nil
int match(lua_State* state) { return find_or_match(state, false); }

// The iterator of gmatch. Its upvalues: the text, the pattern, where to go on, where the last match ended (or -1).
int next_match(lua_State* state) {
    charge(state, call_cost);
    const std::string_view subject = check_text(state, lua_upvalueindex(1));
    const std::string_view pattern = check_text(state, lua_upvalueindex(2));
    const char* const end = subject.data() + subject.size();
    const lua_Integer start = lua_tointeger(state, lua_upvalueindex(3));
    const lua_Integer last = lua_tointeger(state, lua_upvalueindex(4));
    Matcher matcher{state, subject, pattern};
    for (const char* from = subject.data() + start; from <= end; ++from) {
        const char* const stop = matcher.match_at(from);
        // Nothing, found right where the last match ended, is not a new match.
        if (stop == nullptr || stop - subject.data() == last) continue;
        matcher.settle();
        lua_pushinteger(state, stop - subject.data());
        lua_pushvalue(state, -1);
        lua_replace(state, lua_upvalueindex(3));
        lua_replace(state, lua_upvalueindex(4));
        return matcher.push_captures(from, stop, true);
    }
    matcher.settle();
    return 0;
}

// string.gmatch(text, pattern, start = 1) -> function that gives the captures of one match after the other
int gmatch(lua_State* state) {
    const std::string_view subject = check_text(state, 1);
    check_text(state, 2);
    const std::size_t start = check_start(state, 3, subject.size());
    lua_settop(state, 2);
    lua_pushinteger(state, static_cast<lua_Integer>(std::min(start, subject.size() + 1)));
    lua_pushinteger(state, -1);
    lua_pushcclosure(state, next_match, 4);
    return 1;
}

void check_size(lua_State* state, luaL_Buffer& buffer, std::size_t more) {
    const std::size_t most = budget_of(state).limits.string_bytes_max;
    if (luaL_bufflen(&buffer) + more > most)
        luaL_error(state, "string.gsub would make more than %d bytes", static_cast<int>(most));
}

// Adds the replacement text at index 3, with %0 to %9 filled in.
void add_template(lua_State* state, luaL_Buffer& buffer, Matcher& matcher, const char* from, const char* stop) {
    std::size_t size = 0;
    const char* at = lua_tolstring(state, 3, &size);
    const char* const end = at + size;
    while (at < end) {
        const char* percent = static_cast<const char*>(std::memchr(at, '%', static_cast<std::size_t>(end - at)));
        const char* const plain_end = percent == nullptr ? end : percent;
        check_size(state, buffer, static_cast<std::size_t>(plain_end - at));
        luaL_addlstring(&buffer, at, static_cast<std::size_t>(plain_end - at));
        if (percent == nullptr) return;
        matcher.spend(2);
        at = percent + 1;
        if (*at == '%') {
            luaL_addchar(&buffer, *at++);
            continue;
        }
        if (at == end || *at < '0' || *at > '9') luaL_error(state, "invalid use of '%%' in replacement string");
        if (*at == '0') {
            lua_pushlstring(state, from, static_cast<std::size_t>(stop - from));
        } else {
            matcher.push_capture(static_cast<std::size_t>(*at - '1'), from, stop);
        }
        ++at;
        check_size(state, buffer, lua_rawlen(state, -1));
        luaL_addvalue(&buffer); // a position is turned into text by it
    }
}

// Adds what the match is replaced by; false if it stays.
bool add_replacement(lua_State* state, luaL_Buffer& buffer, Matcher& matcher, const char* from, const char* stop) {
    switch (lua_type(state, 3)) {
    case LUA_TFUNCTION:
        lua_pushvalue(state, 3);
        lua_call(state, matcher.push_captures(from, stop, true), 1);
        break;
    case LUA_TTABLE:
        matcher.push_capture(0, from, stop);
        lua_gettable(state, 3);
        break;
    default: add_template(state, buffer, matcher, from, stop); return true;
    }
    if (lua_toboolean(state, -1) == 0) {
        lua_pop(state, 1);
        check_size(state, buffer, static_cast<std::size_t>(stop - from));
        luaL_addlstring(&buffer, from, static_cast<std::size_t>(stop - from));
        return false;
    }
    if (lua_type(state, -1) != LUA_TSTRING && lua_type(state, -1) != LUA_TNUMBER)
        luaL_error(state, "invalid replacement value (a %s)", luaL_typename(state, -1));
    check_size(state, buffer, lua_rawlen(state, -1));
    luaL_addvalue(&buffer);
    return true;
}

// string.gsub(text, pattern, replacement, most = all) -> text, how many were replaced
// The replacement is text with %0 to %9, a table to look the first capture up in, or a function of the captures.
int gsub(lua_State* state) {
    const std::string_view subject = check_text(state, 1);
    std::string_view pattern = check_text(state, 2);
    const int type = lua_type(state, 3);
    luaL_argexpected(state, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE,
                     3, "string/function/table");
    const lua_Integer most = luaL_optinteger(state, 4, static_cast<lua_Integer>(subject.size()) + 1);
    charge(state, call_cost);
    const bool anchored = pattern.starts_with('^');
    if (anchored) pattern.remove_prefix(1);
    if (type == LUA_TNUMBER) lua_tolstring(state, 3, nullptr);
    lua_settop(state, 3);
    Matcher matcher{state, subject, pattern};
    luaL_Buffer buffer;
    luaL_buffinit(state, &buffer);
    const char* at = subject.data();
    const char* const end = at + subject.size();
    const char* last = nullptr;
    lua_Integer count = 0;
    bool changed = false;
    while (count < most) {
        const char* const stop = matcher.match_at(at);
        if (stop != nullptr && stop != last) {
            ++count;
            changed = add_replacement(state, buffer, matcher, at, stop) || changed;
            at = last = stop;
        } else if (at < end) {
            check_size(state, buffer, 1);
            luaL_addchar(&buffer, *at++);
        } else {
            break;
        }
        if (anchored) break;
    }
    matcher.settle();
    if (changed) {
        check_size(state, buffer, static_cast<std::size_t>(end - at));
        luaL_addlstring(&buffer, at, static_cast<std::size_t>(end - at));
        luaL_pushresult(&buffer);
    } else {
        lua_pushvalue(state, 1);
    }
    lua_pushinteger(state, count);
    return 2;
}

} // namespace

void open_pattern(lua_State* state) {
    constexpr luaL_Reg functions[] = {
        {"find", find}, {"gmatch", gmatch}, {"gsub", gsub}, {"match", match}, {nullptr, nullptr}};
    luaL_setfuncs(state, functions, 0);
}

} // namespace playhead::lua
