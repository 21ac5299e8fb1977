#include "plugin/lua_budget.hpp"
#include "plugin/lua_library.hpp"

#include <lua.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>

// Values as text and back: tostring, tonumber, string.format. Lua's own show addresses, which differ in every run, and
// the sign of NaN, which differs between machines.
namespace playhead::lua {
namespace {

// No number needs more, and reading one takes time in proportion.
constexpr std::size_t number_bytes_max = 200;

constexpr std::int64_t text_cost = 4;
constexpr std::int64_t number_text_cost = 30;
constexpr std::int64_t directive_cost = 20;
constexpr std::int64_t float_directive_cost = 300; // of %99.99f of 1e308, 20 us or more

// As Lua's "%.14g", which is up to ten times slower.
void push_number(lua_State* state, int index) {
    charge(state, number_text_cost);
    std::array<char, 40> text{};
    char* const end = text.data() + text.size();
    if (lua_isinteger(state, index) != 0) {
        const auto written = std::to_chars(text.data(), end, lua_tointeger(state, index));
        lua_pushlstring(state, text.data(), static_cast<std::size_t>(written.ptr - text.data()));
        return;
    }
    const lua_Number number = lua_tonumber(state, index);
    constexpr int digits = 14;
    char* at = std::to_chars(text.data(), end, std::isnan(number) ? std::abs(number) : number,
                             std::chars_format::general, digits)
                   .ptr;
    // A float stays one when it is read again.
    const std::string_view shown{text.data(), static_cast<std::size_t>(at - text.data())};
    if (shown.find_first_not_of("-0123456789") == std::string_view::npos) {
        *at++ = '.';
        *at++ = '0';
    }
    lua_pushlstring(state, text.data(), static_cast<std::size_t>(at - text.data()));
}

// tostring(value) -> text
int to_text(lua_State* state) {
    luaL_checkany(state, 1);
    push_text(state, 1, nullptr);
    return 1;
}

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'z') return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
    return 36;
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view spaces = " \f\n\r\t\v";
    const auto first = text.find_first_not_of(spaces);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

// tonumber(value, base = none) -> number | nil
int to_number(lua_State* state) {
    luaL_checkany(state, 1);
    charge(state, text_cost);
    std::size_t size = 0;
    if (lua_isnoneornil(state, 2)) {
        if (lua_type(state, 1) == LUA_TNUMBER) {
            lua_settop(state, 1);
            return 1;
        }
        if (lua_type(state, 1) == LUA_TSTRING) {
            const char* text = lua_tolstring(state, 1, &size);
            charge(state, number_text_cost);
            if (size <= number_bytes_max && lua_stringtonumber(state, text) == size + 1) return 1;
        }
        lua_pushnil(state);
        return 1;
    }
    luaL_checktype(state, 1, LUA_TSTRING); // 10 in base 16 would be read as the text "10"
    const char* written = lua_tolstring(state, 1, &size);
    const lua_Integer base = luaL_checkinteger(state, 2);
    luaL_argcheck(state, base >= 2 && base <= 36, 2, "base out of range");
    std::string_view text = size <= number_bytes_max ? trim({written, size}) : std::string_view{};
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    lua_Unsigned number = 0;
    for (const char c : text) {
        const int digit = digit_of(c);
        if (digit >= base) {
            lua_pushnil(state);
            return 1;
        }
        number = number * static_cast<lua_Unsigned>(base) + static_cast<lua_Unsigned>(digit);
    }
    if (text.empty()) {
        lua_pushnil(state);
    } else {
        lua_pushinteger(state, static_cast<lua_Integer>(negative ? 0U - number : number));
    }
    return 1;
}

// A directive of string.format: %[flags][width][.precision]letter
struct Directive {
    std::array<char, 16> spec{}; // for snprintf, with room for a length modifier
    std::size_t size = 0;
    char letter = 0;
    bool bare = false; // no flags, width or precision

    // What snprintf is given: the directive with `modifier` before its letter.
    const char* with(const char* modifier) {
        std::size_t at = size;
        for (; *modifier != 0; ++modifier) spec[at++] = *modifier;
        spec[at++] = letter;
        spec[at] = 0;
        return spec.data();
    }
};

// Reads the directive after the % at `at`, and moves past it. At most two digits each, as in Lua.
Directive read_directive(lua_State* state, const char*& at) {
    constexpr std::size_t flags_max = 5;
    Directive directive;
    const char* begin = at;
    const auto digits = [&] {
        for (int i = 0; i < 2 && *at >= '0' && *at <= '9'; ++i) ++at;
    };
    while (*at != 0 && std::strchr("-+ #0", *at) != nullptr) ++at;
    if (static_cast<std::size_t>(at - begin) > flags_max) luaL_error(state, "string.format: too many flags");
    digits();
    if (*at == '.') {
        ++at;
        digits();
    }
    if (*at >= '0' && *at <= '9') luaL_error(state, "string.format: a width or precision has at most two digits");
    directive.bare = at == begin;
    directive.spec[directive.size++] = '%';
    for (; begin != at; ++begin) directive.spec[directive.size++] = *begin;
    directive.letter = *at;
    if (*at != 0) ++at;
    return directive;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" // each is built by read_directive, for the type that is passed

template <class... Arguments>
std::size_t format_into(char* to, std::size_t space, const char* spec, Arguments... arguments) {
    const int size = std::snprintf(to, space, spec, arguments...);
    return std::min(static_cast<std::size_t>(std::max(size, 0)), space - 1);
}

#pragma GCC diagnostic pop

template <class... Arguments>
void add_formatted(luaL_Buffer& buffer, const char* spec, Arguments... arguments) {
    constexpr std::size_t item_bytes_max = 512; // %99.99f of 1e308 has 408
    char* to = luaL_prepbuffsize(&buffer, item_bytes_max);
    luaL_addsize(&buffer, format_into(to, item_bytes_max, spec, arguments...));
}

// What reads as the same text in Lua.
void add_quoted_text(luaL_Buffer& buffer, const char* text, std::size_t size) {
    luaL_addchar(&buffer, '"');
    for (std::size_t i = 0; i < size; ++i) {
        const char c = text[i];
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\' || c == '\n') {
            luaL_addchar(&buffer, '\\');
            luaL_addchar(&buffer, c);
        } else if (byte < 0x20 || byte == 0x7f) {
            const bool digit_follows = i + 1 < size && text[i + 1] >= '0' && text[i + 1] <= '9';
            add_formatted(buffer, digit_follows ? "\\%03d" : "\\%d", static_cast<int>(byte));
        } else {
            luaL_addchar(&buffer, c);
        }
    }
    luaL_addchar(&buffer, '"');
}

void add_quoted(lua_State* state, luaL_Buffer& buffer, int argument) {
    switch (lua_type(state, argument)) {
    case LUA_TSTRING: {
        std::size_t size = 0;
        const char* text = lua_tolstring(state, argument, &size);
        charge(state, static_cast<std::int64_t>(size) / 4);
        return add_quoted_text(buffer, text, size);
    }
    case LUA_TNUMBER: {
        if (lua_isinteger(state, argument) != 0) {
            const lua_Integer number = lua_tointeger(state, argument);
            return add_formatted(buffer, number == LUA_MININTEGER ? "0x%llx" : "%lld", static_cast<long long>(number));
        }
        const lua_Number number = lua_tonumber(state, argument);
        if (std::isnan(number)) return luaL_addstring(&buffer, "(0/0)");
        if (std::isinf(number)) return luaL_addstring(&buffer, number > 0 ? "1e9999" : "-1e9999");
        return add_formatted(buffer, "%a", number);
    }
    case LUA_TNIL: return luaL_addstring(&buffer, "nil");
    case LUA_TBOOLEAN: return luaL_addstring(&buffer, lua_toboolean(state, argument) != 0 ? "true" : "false");
    default: luaL_argerror(state, argument, "value has no literal form");
    }
}

void add_text(lua_State* state, luaL_Buffer& buffer, Directive& directive, int argument) {
    std::size_t size = 0;
    const char* text = push_text(state, argument, &size);
    const bool has_precision = std::strchr(directive.with(""), '.') != nullptr;
    if (directive.bare || (size >= 100 && !has_precision)) { // a width of two digits changes nothing
        luaL_addvalue(&buffer);
        return;
    }
    luaL_argcheck(state, std::strlen(text) == size, argument, "text with NULs cannot be padded or cut");
    // A buffer that grows wants nothing of ours on the stack above it, so the text is done with first.
    std::array<char, 128> padded{};
    const char* spec = directive.with("");
    const std::size_t length = format_into(padded.data(), padded.size(), spec, text);
    lua_pop(state, 1);
    luaL_addlstring(&buffer, padded.data(), length);
}

void add_directive(lua_State* state, luaL_Buffer& buffer, Directive& directive, int argument) {
    charge(state, directive_cost);
    switch (directive.letter) {
    case 'c': {
        const lua_Integer code = luaL_checkinteger(state, argument);
        luaL_argcheck(state, code >= 0 && code <= 255, argument, "a byte is 0 to 255");
        if (directive.bare) {
            luaL_addchar(&buffer, static_cast<char>(code));
            return;
        }
        return add_formatted(buffer, directive.with(""), static_cast<int>(code));
    }
    case 'd':
    case 'i':
    case 'o':
    case 'x':
    case 'X':
        return add_formatted(buffer, directive.with("ll"), static_cast<long long>(luaL_checkinteger(state, argument)));
    case 'a':
    case 'A':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G': {
        const lua_Number number = luaL_checknumber(state, argument);
        if (!directive.bare || std::abs(number) > 1e15) charge(state, float_directive_cost);
        return add_formatted(buffer, directive.with(""), std::isnan(number) ? std::abs(number) : number);
    }
    case 'q':
        if (!directive.bare) luaL_error(state, "string.format: %%q takes no flags, width or precision");
        luaL_checkany(state, argument);
        return add_quoted(state, buffer, argument);
    case 's': luaL_checkany(state, argument); return add_text(state, buffer, directive, argument);
    default: luaL_error(state, "string.format: there is no '%s'", directive.with(""));
    }
}

// string.format(format, ...) -> text
int format(lua_State* state) {
    const int count = lua_gettop(state);
    std::size_t size = 0;
    const char* at = luaL_checklstring(state, 1, &size);
    const char* const end = at + size;
    int argument = 1;
    charge(state, text_cost);
    luaL_Buffer buffer;
    luaL_buffinit(state, &buffer);
    while (at < end) {
        const char* stop = static_cast<const char*>(std::memchr(at, '%', static_cast<std::size_t>(end - at)));
        if (stop == nullptr) stop = end;
        luaL_addlstring(&buffer, at, static_cast<std::size_t>(stop - at));
        at = stop;
        if (at == end) break;
        if (*++at == '%') {
            luaL_addchar(&buffer, *at++);
            continue;
        }
        Directive directive = read_directive(state, at);
        if (++argument > count) luaL_argerror(state, argument, "no value");
        add_directive(state, buffer, directive, argument);
        if (luaL_bufflen(&buffer) > budget_of(state).limits.string_bytes_max)
            return luaL_error(state, "string.format would make more than %d bytes",
                              static_cast<int>(budget_of(state).limits.string_bytes_max));
    }
    luaL_pushresult(&buffer);
    return 1;
}

} // namespace

const char* push_text(lua_State* state, int index, std::size_t* size) {
    index = lua_absindex(state, index);
    charge(state, text_cost);
    if (luaL_callmeta(state, index, "__tostring") != 0) {
        if (lua_type(state, -1) != LUA_TSTRING) luaL_error(state, "'__tostring' must return a string");
        return lua_tolstring(state, -1, size);
    }
    switch (lua_type(state, index)) {
    case LUA_TNUMBER: push_number(state, index); break;
    case LUA_TSTRING: lua_pushvalue(state, index); break;
    case LUA_TBOOLEAN: lua_pushstring(state, lua_toboolean(state, index) != 0 ? "true" : "false"); break;
    case LUA_TNIL: lua_pushliteral(state, "nil"); break;
    default:
        if (const int type = luaL_getmetafield(state, index, "__name"); type == LUA_TSTRING)
            break;
        else if (type != LUA_TNIL)
            lua_pop(state, 1);
        lua_pushstring(state, luaL_typename(state, index));
        break;
    }
    return lua_tolstring(state, -1, size);
}

void open_text(lua_State* state) {
    lua_pushglobaltable(state);
    constexpr luaL_Reg functions[] = {{"tonumber", to_number}, {"tostring", to_text}, {nullptr, nullptr}};
    luaL_setfuncs(state, functions, 0);
    lua_pop(state, 1);
}

void open_format(lua_State* state) {
    constexpr luaL_Reg functions[] = {{"format", format}, {nullptr, nullptr}};
    luaL_setfuncs(state, functions, 0);
}

} // namespace playhead::lua
