#include "plugin/lua_typed.hpp"

#include "plugin/lua_value.hpp"

#include <lua.hpp>

#include <cstdlib>

namespace playhead::lua {
namespace {

bool has_integer_keys(const Type& type) {
    if (type.kind == Type::Kind::map && type.key != Type::Key::text) return true;
    for (const Type& inner : type.of)
        if (has_integer_keys(inner)) return true;
    for (const TypeField& field : type.fields)
        if (has_integer_keys(field.type)) return true;
    return false;
}

void push_map(lua_State* state, const Value::Map& map, const Type& type) {
    lua_createtable(state, 0, static_cast<int>(map.size()));
    for (const Value::Entry& entry : map) {
        if (type.kind == Type::Kind::map && type.key != Type::Key::text) {
            lua_pushinteger(state, std::strtoll(entry.key.c_str(), nullptr, 10)); // checked() has seen that it is one
        } else {
            lua_pushlstring(state, entry.key.data(), entry.key.size());
        }
        const Type* inner = type.kind == Type::Kind::record ? type.field(entry.key) : nullptr;
        if (type.kind == Type::Kind::map && !type.of.empty()) inner = &type.of.front();
        if (inner != nullptr)
            push_typed(state, entry.value, *inner);
        else
            push_value(state, entry.value);
        lua_rawset(state, -3);
    }
}

} // namespace

void push_typed(lua_State* state, const Value& value, const Type& type) {
    if (!has_integer_keys(type)) return push_value(state, value);
    luaL_checkstack(state, 6, "a value nested too deeply");
    if (const auto* map = value.get_if<Value::Map>()) return push_map(state, *map, type);
    const auto* list = value.get_if<Value::List>();
    if (list == nullptr || type.kind != Type::Kind::list || type.of.empty()) return push_value(state, value);
    lua_createtable(state, static_cast<int>(list->size()), 0);
    lua_Integer index = 0;
    for (const Value& item : *list) {
        push_typed(state, item, type.of.front());
        lua_rawseti(state, -2, ++index);
    }
}

} // namespace playhead::lua
