#include "plugin/lua_value.hpp"

#include "core/utf8.hpp"
#include "plugin/lua_budget.hpp"
#include "plugin/lua_library.hpp"

#include <lua.hpp>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace playhead::lua {
namespace {

constexpr std::size_t shown_bytes_max = 60; // of one key in a path

// Only functions of Lua that cannot raise are used, since there are C++ objects here that a jump would skip.
class Reader {
  public:
    Reader(lua_State* state, const ReadingLimits& limits) : state_(state), limits_(limits) {}

    using Read = std::expected<Value, Complaint>;

    Read read(std::size_t depth = 0) {
        if (++nodes_ > limits_.nodes_max)
            return refuse("more than " + std::to_string(limits_.nodes_max) + " values", ErrorCode::too_large);
        switch (lua_type(state_, -1)) {
        case LUA_TNIL: return Value{};
        case LUA_TBOOLEAN: return Value{lua_toboolean(state_, -1) != 0};
        case LUA_TNUMBER:
            if (lua_isinteger(state_, -1) != 0) return Value{std::int64_t{lua_tointeger(state_, -1)}};
            return Value{double{lua_tonumber(state_, -1)}};
        case LUA_TSTRING: return read_text();
        case LUA_TTABLE: return read_table(depth);
        default: return refuse(std::string{"a "} + lua_typename(state_, lua_type(state_, -1)));
        }
    }

  private:
    std::unexpected<Complaint> refuse(const std::string& what, ErrorCode code = ErrorCode::malformed) const {
        const std::string where = path_.empty() ? "the result" : path_;
        return std::unexpected(Complaint{where + " is or holds " + what + ", which is not data", code});
    }

    std::string text_at(int index) const {
        std::size_t size = 0;
        const char* text = lua_tolstring(state_, index, &size);
        return {text, size};
    }

    bool too_many_bytes(std::size_t more) {
        bytes_ += more;
        return bytes_ > limits_.bytes_max;
    }

    std::unexpected<Complaint> refuse_bytes() const {
        return refuse("more than " + std::to_string(limits_.bytes_max) + " bytes of text", ErrorCode::too_large);
    }

    Read read_text() {
        if (too_many_bytes(lua_rawlen(state_, -1))) return refuse_bytes();
        return Value{text_at(-1)};
    }

    Read read_table(std::size_t depth) {
        if (depth == limits_.depth_max)
            return refuse("tables nested deeper than " + std::to_string(depth) + " (or a table in itself)",
                          ErrorCode::too_large);
        if (lua_checkstack(state_, 6) == 0) return refuse("more than fits on the stack", ErrorCode::too_large);
        see_through(state_, lua_gettop(state_));
        const std::size_t length = lua_rawlen(state_, -1);
        return length > 0 ? read_list(depth, length) : read_map(depth);
    }

    Read read_list(std::size_t depth, std::size_t length) {
        const std::size_t here = path_.size();
        std::size_t keys = 0;
        for (lua_pushnil(state_); lua_next(state_, -2) != 0; lua_pop(state_, 1)) {
            if (is_hidden_key(state_, -2)) continue;
            ++keys;
            if (lua_isinteger(state_, -2) != 0) continue;
            const bool named = lua_type(state_, -2) == LUA_TSTRING;
            const std::string key = named ? "the key " + text_at(-2) : "other keys";
            lua_pop(state_, 2);
            return refuse("a list with " + key + " in it");
        }
        if (keys != length) {
            if (limits_.integer_keys) return read_map(depth);
            return refuse("a list with holes");
        }
        Value::List list;
        for (std::size_t i = 1; i <= length; ++i) {
            path_ += '[' + std::to_string(i) + ']';
            lua_rawgeti(state_, -1, static_cast<lua_Integer>(i));
            auto item = read(depth + 1);
            lua_pop(state_, 1);
            if (!item) return item;
            path_.resize(here);
            list.push_back(std::move(*item));
        }
        return Value{std::move(list)};
    }

    Read read_map(std::size_t depth) {
        const std::size_t here = path_.size();
        Value::Map map;
        for (lua_pushnil(state_); lua_next(state_, -2) != 0; lua_pop(state_, 1)) {
            if (is_hidden_key(state_, -2)) continue;
            std::string key;
            if (lua_type(state_, -2) == LUA_TSTRING) {
                key = text_at(-2);
            } else if (limits_.integer_keys && lua_isinteger(state_, -2) != 0) {
                key = std::to_string(lua_tointeger(state_, -2));
            } else {
                const std::string type = lua_typename(state_, lua_type(state_, -2));
                lua_pop(state_, 2);
                return refuse("a table with a key that is a " + type + ", neither text nor 1 to n");
            }
            if (too_many_bytes(key.size())) {
                lua_pop(state_, 2);
                return refuse_bytes();
            }
            path_ += here == 0 ? "" : ".";
            path_ += cut_utf8(key, shown_bytes_max);
            auto item = read(depth + 1);
            if (!item) {
                lua_pop(state_, 2);
                return item;
            }
            path_.resize(here);
            map.push_back({std::move(key), std::move(*item)});
        }
        if (map.empty()) return Value{Value::List{}};
        std::ranges::sort(map, {}, &Value::Entry::key); // Lua's own order is different in every run
        // The number 5 and the text "5" are two keys in Lua.
        if (const auto twice = std::ranges::adjacent_find(map, {}, &Value::Entry::key); twice != map.end())
            return refuse("the key " + twice->key + " twice, as a number and as text");
        return Value{std::move(map)};
    }

    lua_State* state_;
    const ReadingLimits& limits_;
    std::string path_;
    std::size_t nodes_ = 0;
    std::size_t bytes_ = 0;
};

void push(lua_State* state, const Value& value) {
    luaL_checkstack(state, 4, "a value nested too deeply");
    charge(state, 1);
    if (const auto* flag = value.get_if<bool>()) return lua_pushboolean(state, *flag ? 1 : 0);
    if (const auto* integer = value.get_if<std::int64_t>()) return lua_pushinteger(state, *integer);
    if (const auto* number = value.get_if<double>()) return lua_pushnumber(state, *number);
    if (const auto* text = value.get_if<std::string>()) {
        lua_pushlstring(state, text->data(), text->size());
        return;
    }
    if (const auto* list = value.get_if<Value::List>()) {
        lua_createtable(state, list_hint(static_cast<lua_Integer>(list->size())), 0);
        for (std::size_t i = 0; i < list->size(); ++i) {
            push(state, (*list)[i]);
            lua_rawseti(state, -2, static_cast<lua_Integer>(i) + 1);
        }
        return;
    }
    if (const auto* map = value.get_if<Value::Map>()) {
        lua_createtable(state, 0, static_cast<int>(map->size()));
        for (const Value::Entry& entry : *map) {
            lua_pushlstring(state, entry.key.data(), entry.key.size());
            push(state, entry.value);
            lua_rawset(state, -3);
        }
        return;
    }
    lua_pushnil(state);
}

} // namespace

Complaint::Complaint(std::string_view text, ErrorCode code) : code_(code) {
    text = text.substr(0, text_.size() - 1);
    std::ranges::copy(text, text_.begin());
}

void raise(lua_State* state, const Complaint& complaint) {
    luaL_error(state, "%s", complaint.text());
    std::abort(); // luaL_error does not return, but its declaration does not say so
}

std::expected<Value, Complaint> read_value(lua_State* state, int index, const ReadingLimits& limits) {
    if (lua_checkstack(state, 1) == 0)
        return std::unexpected(Complaint{"more than fits on the stack", ErrorCode::too_large});
    const int top = lua_gettop(state);
    lua_pushvalue(state, index);
    auto value = Reader{state, limits}.read();
    lua_settop(state, top);
    return value;
}

void push_value(lua_State* state, const Value& value) { push(state, value); }

} // namespace playhead::lua
