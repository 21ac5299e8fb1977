#include "core/nearest.hpp"
#include "plugin/lua_api.hpp"
#include "plugin/lua_digest.hpp"
#include "plugin/lua_typed.hpp"
#include "plugin/script_value.hpp"

#include <lua.hpp>

#include <cstdlib>
#include <limits>
#include <utility>

// The fields of P.shared, P.saved and P:read(...). What may stand in them is in declared_state.cpp; here is how they
// are reached. Values that are read are copies.
namespace playhead::lua {
namespace {

constexpr std::int64_t read_cost = 15;
constexpr std::int64_t write_cost = 60;
constexpr std::int64_t bytes_per_cost = 32; // of a value that is checked, compared and journaled

// In Lua: which plugin's state, and one field of it. The addresses hold as long as the state of Lua does.
struct StateObject {
    const HostedPlugin* hosted;
    bool saved;
    bool writable;
};
struct FieldObject {
    const DeclaredField* field;
    bool writable;
};

const char* name_of_object(FieldSpec::Kind kind) {
    switch (kind) {
    case FieldSpec::Kind::counter: return counter_object;
    case FieldSpec::Kind::list: return list_object;
    case FieldSpec::Kind::ring: return ring_object;
    case FieldSpec::Kind::map:
    case FieldSpec::Kind::set:
    case FieldSpec::Kind::value: break;
    }
    return map_object;
}

DeclaredState& declared_of(lua_State* state) { return room_at_work(state).declared; }

const DeclaredField& field_at(lua_State* state, const char* object) {
    charge(state, read_cost);
    return *static_cast<FieldObject*>(luaL_checkudata(state, 1, object))->field;
}

// For writing: charges for what is there, which the journal copies, and for what is looked through.
const DeclaredField& written_at(lua_State* state, const char* object, std::int64_t cost = 0) {
    const auto& handle = *static_cast<FieldObject*>(luaL_checkudata(state, 1, object));
    if (!handle.writable) luaL_error(state, "what P:read gives is read only");
    charge(state, write_cost + cost);
    return *handle.field;
}

std::int64_t cost_of_all(lua_State* state, const DeclaredField& field) {
    const SharedTable* table = declared_of(state).table_of(field);
    return table == nullptr ? 0 : static_cast<std::int64_t>(table->bytes()) / bytes_per_cost;
}

// May raise.
int push_entry(lua_State* state, const DeclaredField& field, const Value* value) {
    if (value == nullptr)
        lua_pushnil(state);
    else
        push_typed(state, *value, field.spec.of);
    return 1;
}

// nil, which is a value: what returns none at all cannot be handed on.
int nothing(lua_State* state) {
    lua_pushnil(state);
    return 1;
}

HostRoom::Done plain(const DeclaredState::Done& done) { return done; }

// ---- counter

// counter:get() -> integer
int counter_get(lua_State* state) {
    const DeclaredField& field = field_at(state, counter_object);
    lua_pushinteger(state, declared_of(state).count(field));
    return 1;
}

// counter:set(integer)
int counter_set(lua_State* state) {
    const DeclaredField& field = written_at(state, counter_object);
    const lua_Integer count = luaL_checkinteger(state, 2);
    attempt(state, [&] { return plain(declared_of(state).set_count(field, count)); });
    return 0;
}

// counter:add(integer)
int counter_add(lua_State* state) {
    const DeclaredField& field = written_at(state, counter_object);
    const lua_Integer more = luaL_optinteger(state, 2, 1);
    attempt(state, [&]() -> HostRoom::Done {
        const std::int64_t count = declared_of(state).count(field);
        const bool overflows = more > 0 ? count > std::numeric_limits<std::int64_t>::max() - more
                                        : count < std::numeric_limits<std::int64_t>::min() - more;
        if (overflows)
            return std::unexpected(Complaint{field.path + ": the count would no longer fit into an integer"});
        return declared_of(state).set_count(field, count + more);
    });
    return 0;
}

// ---- map and set

// map[key] -> value | nil
int map_index(lua_State* state) {
    const DeclaredField& field = field_at(state, map_object);
    if (lua_isnil(state, 2)) return 0;
    const Value* value = nullptr;
    attempt(state, [&]() -> HostRoom::Done {
        auto wanted = read_argument(state, 2, field.path);
        if (!wanted) return std::unexpected(wanted.error());
        const auto key = declared_of(state).key(field, *wanted);
        if (!key) return std::unexpected(key.error());
        value = declared_of(state).find(field, *key);
        return {};
    });
    return push_entry(state, field, value);
}

// map[key] = value | nil
int map_newindex(lua_State* state) {
    const DeclaredField& field = written_at(state, map_object);
    attempt(state, [&]() -> HostRoom::Done {
        auto wanted = read_argument(state, 2, field.path);
        if (!wanted) return std::unexpected(wanted.error());
        auto key = declared_of(state).key(field, *wanted);
        if (!key) return std::unexpected(key.error());
        auto value = read_argument(state, 3, field.path);
        if (!value) return std::unexpected(value.error());
        return declared_of(state).put(field, *std::move(key), *std::move(value));
    });
    return 0;
}

// #map, #list, #ring
int length(lua_State* state, const char* object) {
    const DeclaredField& field = field_at(state, object);
    lua_pushinteger(state, static_cast<lua_Integer>(declared_of(state).size(field)));
    return 1;
}
int map_length(lua_State* state) { return length(state, map_object); }
int list_length(lua_State* state) { return length(state, list_object); }
int ring_length(lua_State* state) { return length(state, ring_object); }

// The entry after the key at `index` (nil: the first), in the order of keys; null at the end. Never raises.
using Entry = std::pair<const EntryKey, Field<Value>>;
const Entry* entry_after(lua_State* state, const DeclaredField& field, int index) {
    const SharedTable* table = declared_of(state).table_of(field);
    if (table == nullptr) return nullptr;
    const auto& entries = table->entries();
    auto next = entries.begin();
    if (lua_type(state, index) == LUA_TSTRING) {
        std::size_t size = 0;
        const char* text = lua_tolstring(state, index, &size);
        next = entries.upper_bound(EntryKey{std::string{text, size}});
    } else if (lua_isinteger(state, index) != 0) {
        next = entries.upper_bound(EntryKey{std::int64_t{lua_tointeger(state, index)}});
    }
    return next == entries.end() ? nullptr : &*next;
}

// The step of pairs(map) and ring:each(): by keys, so that what is removed on the way does no harm.
int next_entry(lua_State* state, const DeclaredField& field) {
    const Entry* entry = entry_after(state, field, 2);
    if (entry == nullptr) return 0;
    if (const auto* number = std::get_if<std::int64_t>(&entry->first)) {
        lua_pushinteger(state, *number);
    } else {
        const auto& text = std::get<std::string>(entry->first);
        lua_pushlstring(state, text.data(), text.size());
    }
    push_entry(state, field, &entry->second.value());
    return 2;
}
int map_next(lua_State* state) { return next_entry(state, field_at(state, map_object)); }
int ring_next(lua_State* state) { return next_entry(state, field_at(state, ring_object)); }

int iterate(lua_State* state, lua_CFunction next, const char* object) {
    field_at(state, object);
    lua_pushcfunction(state, next);
    lua_pushvalue(state, 1);
    lua_pushnil(state);
    return 3;
}
// pairs(map): in the order of keys
int map_pairs(lua_State* state) { return iterate(state, map_next, map_object); }
// ring:each() -> index, value
int ring_each(lua_State* state) { return iterate(state, ring_next, ring_object); }

// ---- list and ring

// list:get(id), ring:get(index) -> value | nil
int get(lua_State* state, const char* object) {
    const DeclaredField& field = field_at(state, object);
    if (lua_isnoneornil(state, 2)) return nothing(state);
    const lua_Integer id = luaL_checkinteger(state, 2);
    return push_entry(state, field, declared_of(state).find(field, EntryKey{std::int64_t{id}}));
}
int list_get(lua_State* state) { return get(state, list_object); }
int ring_get(lua_State* state) { return get(state, ring_object); }

// list:set(id, value), ring:set(index, value)
int set(lua_State* state, const char* object) {
    const DeclaredField& field = written_at(state, object);
    const lua_Integer id = luaL_checkinteger(state, 2);
    attempt(state, [&]() -> HostRoom::Done {
        auto value = read_argument(state, 3, field.path);
        if (!value) return std::unexpected(value.error());
        return declared_of(state).set(field, id, *std::move(value));
    });
    return 0;
}
int list_set(lua_State* state) { return set(state, list_object); }
int ring_set(lua_State* state) { return set(state, ring_object); }

// list:remove(id), ring:remove(index)
int remove(lua_State* state, const char* object) {
    const DeclaredField& field = written_at(state, object);
    const lua_Integer id = luaL_checkinteger(state, 2);
    charge(state, static_cast<std::int64_t>(declared_of(state).size(field)));
    attempt(state, [&] { return plain(declared_of(state).remove(field, id)); });
    return 0;
}
int list_remove(lua_State* state) { return remove(state, list_object); }
int ring_remove(lua_State* state) { return remove(state, ring_object); }

// list:clear(), ring:clear()
int clear(lua_State* state, const char* object) {
    const DeclaredField& field = written_at(state, object);
    charge(state, cost_of_all(state, field));
    attempt(state, [&] { return plain(declared_of(state).clear(field)); });
    return 0;
}
int list_clear(lua_State* state) { return clear(state, list_object); }
int ring_clear(lua_State* state) { return clear(state, ring_object); }

// ring:push(value) -> index
int ring_push(lua_State* state) {
    const DeclaredField& field = written_at(state, ring_object);
    lua_Integer index = 0;
    attempt(state, [&]() -> HostRoom::Done {
        auto value = read_argument(state, 2, field.path);
        if (!value) return std::unexpected(value.error());
        const auto pushed = declared_of(state).push(field, *std::move(value));
        if (!pushed) return std::unexpected(pushed.error());
        index = *pushed;
        return {};
    });
    lua_pushinteger(state, index);
    return 1;
}

// list:add(value [, position]) -> id
int list_add(lua_State* state) {
    const DeclaredField& field = written_at(state, list_object);
    const bool placed = !lua_isnoneornil(state, 3);
    const lua_Integer position = placed ? luaL_checkinteger(state, 3) : 0;
    charge(state, static_cast<std::int64_t>(declared_of(state).size(field)));
    lua_Integer id = 0;
    attempt(state, [&]() -> HostRoom::Done {
        auto value = read_argument(state, 2, field.path);
        if (!value) return std::unexpected(value.error());
        const auto added = declared_of(state).add(field, *std::move(value),
                                                  placed ? std::optional<std::int64_t>{position} : std::nullopt);
        if (!added) return std::unexpected(added.error());
        id = *added;
        return {};
    });
    lua_pushinteger(state, id);
    return 1;
}

// list:move(id, position)
int list_move(lua_State* state) {
    const DeclaredField& field = written_at(state, list_object);
    const lua_Integer id = luaL_checkinteger(state, 2);
    const lua_Integer position = luaL_checkinteger(state, 3);
    charge(state, static_cast<std::int64_t>(declared_of(state).size(field)));
    attempt(state, [&] { return plain(declared_of(state).move(field, id, position)); });
    return 0;
}

// list:position(id) -> position | nil
int list_position(lua_State* state) {
    const DeclaredField& field = field_at(state, list_object);
    if (lua_isnoneornil(state, 2)) return nothing(state);
    const lua_Integer id = luaL_checkinteger(state, 2);
    charge(state, static_cast<std::int64_t>(declared_of(state).size(field)) / 4);
    const auto position = declared_of(state).position(field, id);
    if (!position) return nothing(state);
    lua_pushinteger(state, static_cast<lua_Integer>(*position));
    return 1;
}

// list:at(position) -> id, value | nil
int list_at(lua_State* state) {
    const DeclaredField& field = field_at(state, list_object);
    const auto id = declared_of(state).id_at(field, luaL_checkinteger(state, 2));
    if (!id) return nothing(state);
    lua_pushinteger(state, *id);
    push_entry(state, field, declared_of(state).find(field, EntryKey{*id}));
    return 2;
}

// The step of list:each(): position, id, value.
int list_next(lua_State* state) {
    const DeclaredField& field = field_at(state, list_object);
    const lua_Integer position = lua_isnil(state, 2) ? 1 : luaL_checkinteger(state, 2) + 1;
    const auto id = declared_of(state).id_at(field, position);
    if (!id) return 0;
    lua_pushinteger(state, position);
    lua_pushinteger(state, *id);
    push_entry(state, field, declared_of(state).find(field, EntryKey{*id}));
    return 3;
}
// list:each() -> position, id, value
int list_each(lua_State* state) { return iterate(state, list_next, list_object); }

// ---- P.shared, P.saved

// The field that stands at index 2, or an error that says which there are.
const DeclaredField& named_field(lua_State* state, const StateObject& object) {
    std::size_t size = 0;
    const char* text = lua_type(state, 2) == LUA_TSTRING ? lua_tolstring(state, 2, &size) : "";
    const std::string_view name{text, size};
    const DeclaredField* found = object.hosted->fields->find(object.saved, name);
    if (found == nullptr) {
        attempt(state, [&]() -> HostRoom::Done {
            const std::vector<std::string> known = object.hosted->fields->names(object.saved);
            const std::string where = object.hosted->name() + (object.saved ? ".saved" : ".shared");
            return std::unexpected(Complaint{where + " has no field " + shown(Value{std::string{name}}) + ": " +
                                             no_such_key(known, name)});
        });
    }
    // cppcheck-suppress nullPointerRedundantCheck ; attempt() does not return from a complaint
    return *found;
}

// P.shared.field -> value, or the object of a field that is more than a value
int state_index(lua_State* state) {
    const StateObject object = *static_cast<StateObject*>(luaL_checkudata(state, 1, state_object));
    charge(state, read_cost);
    lua_settop(state, 2);
    lua_getiuservalue(state, 1, 1); // the objects made so far
    lua_pushvalue(state, 2);
    if (lua_rawget(state, 3) != LUA_TNIL) return 1;
    lua_pop(state, 1);
    const DeclaredField& field = named_field(state, object);
    if (field.spec.kind == FieldSpec::Kind::value) return push_entry(state, field, declared_of(state).find(field));
    auto* made = static_cast<FieldObject*>(lua_newuserdatauv(state, sizeof(FieldObject), 0));
    *made = {&field, object.writable};
    luaL_setmetatable(state, name_of_object(field.spec.kind));
    lua_pushvalue(state, 2);
    lua_pushvalue(state, -2);
    lua_rawset(state, 3);
    return 1;
}

// P.shared.field = value: of a value, a map or a set
int state_newindex(lua_State* state) {
    const StateObject object = *static_cast<StateObject*>(luaL_checkudata(state, 1, state_object));
    const DeclaredField& field = named_field(state, object);
    if (!object.writable) return luaL_error(state, "what P:read gives is read only");
    charge(state, write_cost);
    const bool replaces = field.spec.kind == FieldSpec::Kind::map || field.spec.kind == FieldSpec::Kind::set;
    if (replaces) charge(state, cost_of_all(state, field));
    attempt(state, [&]() -> HostRoom::Done {
        auto value = read_argument(state, 3, field.path);
        if (!value) return std::unexpected(value.error());
        if (field.spec.kind == FieldSpec::Kind::value) return declared_of(state).put(field, {}, *std::move(value));
        if (!replaces) {
            return std::unexpected(Complaint{
                field.path + " is a " + std::string{name_of(field.spec.kind)} + ": it has functions (:" +
                (field.spec.kind == FieldSpec::Kind::counter ? "set" : "clear") + "...) and cannot be assigned"});
        }
        if (auto* map = std::get_if<Value::Map>(&value->content))
            return declared_of(state).replace(field, std::move(*map));
        // A list is a map from 1 to n.
        Value::Map map;
        if (auto* list = std::get_if<Value::List>(&value->content)) {
            for (std::size_t i = 0; i < list->size(); ++i)
                map.push_back({std::to_string(i + 1), std::move((*list)[i])});
        } else {
            return std::unexpected(Complaint{field.path + ": expected a table, got " + shown(*value)});
        }
        return declared_of(state).replace(field, std::move(map));
    });
    return 0;
}

constexpr luaL_Reg counter_functions[] = {
    {"get", counter_get}, {"set", counter_set}, {"add", counter_add}, {nullptr, nullptr}};
constexpr luaL_Reg map_metamethods[] = {{"__index", map_index},
                                        {"__newindex", map_newindex},
                                        {"__len", map_length},
                                        {"__pairs", map_pairs},
                                        {nullptr, nullptr}};
constexpr luaL_Reg list_functions[] = {
    {"get", list_get},   {"set", list_set}, {"remove", list_remove}, {"clear", list_clear},       {"add", list_add},
    {"move", list_move}, {"at", list_at},   {"each", list_each},     {"position", list_position}, {nullptr, nullptr}};
constexpr luaL_Reg list_metamethods[] = {{"__len", list_length}, {nullptr, nullptr}};
constexpr luaL_Reg ring_functions[] = {{"get", ring_get},     {"set", ring_set},   {"remove", ring_remove},
                                       {"clear", ring_clear}, {"push", ring_push}, {"each", ring_each},
                                       {nullptr, nullptr}};
constexpr luaL_Reg ring_metamethods[] = {{"__len", ring_length}, {nullptr, nullptr}};
constexpr luaL_Reg state_metamethods[] = {{"__index", state_index}, {"__newindex", state_newindex}, {nullptr, nullptr}};

} // namespace

bool add_state_object(lua_State* state, int index, Digest& digest) {
    const auto add_text = [&](const std::string& text) { digest.add_bytes(text.data(), text.size()); };
    if (const void* found = luaL_testudata(state, index, state_object); found != nullptr) {
        const auto& object = *static_cast<const StateObject*>(found);
        add_text(object.hosted->name());
        digest.add((object.saved ? 2U : 0U) + (object.writable ? 1U : 0U));
        return true;
    }
    for (const char* name : {counter_object, map_object, list_object, ring_object}) {
        const void* found = luaL_testudata(state, index, name);
        if (found == nullptr) continue;
        const auto& handle = *static_cast<const FieldObject*>(found);
        add_text(handle.field->table.plugin);
        add_text(handle.field->path);
        digest.add(handle.writable ? 1 : 0);
        return true;
    }
    return false;
}

void open_state(lua_State* state) {
    open_object(state, counter_object, counter_functions, nullptr);
    open_object(state, map_object, nullptr, map_metamethods);
    open_object(state, list_object, list_functions, list_metamethods);
    open_object(state, ring_object, ring_functions, ring_metamethods);
    open_object(state, state_object, nullptr, state_metamethods);
}

void push_state(lua_State* state, const HostedPlugin& hosted, bool saved, bool writable) {
    auto* object = static_cast<StateObject*>(lua_newuserdatauv(state, sizeof(StateObject), 1));
    *object = {&hosted, saved, writable};
    lua_newtable(state);
    lua_setiuservalue(state, -2, 1);
    luaL_setmetatable(state, state_object);
}

} // namespace playhead::lua
