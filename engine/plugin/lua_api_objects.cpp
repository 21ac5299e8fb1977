#include "plugin/lua_api.hpp"
#include "plugin/lua_digest.hpp"

#include <lua.hpp>

#include <utility>

// What P makes and holds beside its state: limiters, denials, the store.
namespace playhead::lua {
namespace {

constexpr std::int64_t call_cost = 20; // of a function of the API, beside what it does

int nothing(lua_State* state) {
    lua_pushnil(state);
    return 1;
}

std::string_view text_at(lua_State* state, int index) {
    std::size_t size = 0;
    const char* text = luaL_checklstring(state, index, &size);
    return {text, size};
}

// limiter:take(key [, cost]) -> true | false, retry_ms
int take(lua_State* state) {
    const std::size_t index = *static_cast<std::size_t*>(luaL_checkudata(state, 1, limiter_object));
    const bool is_text = lua_type(state, 2) == LUA_TSTRING;
    const std::string_view text = is_text ? text_at(state, 2) : std::string_view{};
    const lua_Integer number = is_text ? 0 : luaL_checkinteger(state, 2);
    const lua_Integer cost = luaL_optinteger(state, 3, 1);
    luaL_argcheck(state, text.size() <= Limiter::key_bytes_max, 2, "a key has at most 128 bytes");
    luaL_argcheck(state, cost >= 1 && cost <= Limiter::burst_max, 3, "expected 1 or more");
    charge(state, call_cost);
    HostRoom& host = room_at_work(state);
    auto& limiters = host.running.plugin->limiters;
    if (index >= limiters.size()) return luaL_error(state, "this limiter is of before the plugin was started anew");
    std::uint32_t wait_ticks = 0;
    checked(state, [&]() -> std::optional<Complaint> {
        const Limiter::Key key = is_text ? Limiter::Key{std::string{text}} : Limiter::Key{std::int64_t{number}};
        wait_ticks = limiters[index].take(key, host.tick, static_cast<std::uint32_t>(cost)).value_or(0);
        return std::nullopt;
    });
    lua_pushboolean(state, wait_ticks == 0 ? 1 : 0);
    if (wait_ticks == 0) return 1;
    lua_pushinteger(state, host.room.tick_length().value.count() * wait_ticks / 1000);
    return 2;
}

// P.store:get(key) -> value | nil
int store_get(lua_State* state) {
    const std::string_view key = text_at(state, 2);
    charge(state, call_cost);
    HostRoom& host = room_at_work(state);
    const Value* value = nullptr;
    checked(state, [&]() -> std::optional<Complaint> {
        value = host.state.saved.find({host.running.plugin->name(), std::string{store_field}}, std::string{key});
        return std::nullopt;
    });
    if (value == nullptr) return nothing(state);
    push_value(state, *value);
    return 1;
}

// P.store:set(key, value)
int store_set(lua_State* state) {
    const std::string_view key = text_at(state, 2);
    charge(state, call_cost * 4);
    attempt(state, [&]() -> HostRoom::Done {
        auto value = read_argument(state, 3, "P.store: the value");
        if (!value) return std::unexpected(value.error());
        return room_at_work(state).store(key, *std::move(value));
    });
    return 0;
}

// P.store:keys() -> list of keys in order
int store_keys(lua_State* state) {
    charge(state, call_cost);
    HostRoom& host = room_at_work(state);
    checked(state, [&]() -> std::optional<Complaint> {
        Value::List keys;
        const SharedTable* table = host.state.saved.find({host.running.plugin->name(), std::string{store_field}});
        if (table != nullptr)
            for (const auto& [key, entry] : table->entries()) keys.emplace_back(Value{std::get<std::string>(key)});
        host.scratch = Value{std::move(keys)};
        return std::nullopt;
    });
    push_value(state, host.scratch);
    return 1;
}

constexpr luaL_Reg limiter_functions[] = {{"take", take}, {nullptr, nullptr}};
constexpr luaL_Reg store_functions[] = {
    {"get", store_get}, {"set", store_set}, {"keys", store_keys}, {nullptr, nullptr}};
} // namespace

// P:limiter{ rate = per second, burst = at once } -> limiter
int make_limiter(lua_State* state) {
    luaL_checktype(state, 2, LUA_TTABLE);
    charge(state, call_cost);
    lua_settop(state, 2);
    for (const char* field : {"rate", "burst"}) {
        lua_pushstring(state, field);
        lua_rawget(state, 2);
        if (lua_type(state, -1) != LUA_TNUMBER) return luaL_error(state, "P:limiter: %s: expected a number", field);
    }
    const double rate = lua_tonumber(state, 3);
    const double burst = lua_tonumber(state, 4);
    auto* index = static_cast<std::size_t*>(lua_newuserdatauv(state, sizeof(std::size_t), 0));
    attempt(state, [&]() -> HostRoom::Done {
        const auto added = host_room(state).add_limiter(rate, burst);
        if (!added) return std::unexpected(added.error());
        *index = *added;
        return {};
    });
    luaL_setmetatable(state, limiter_object);
    return 1;
}

// P.deny(code [, message [, data]]) -> denial
int make_denial(lua_State* state) {
    const std::string_view code = text_at(state, 1);
    luaL_argcheck(state, !code.empty() && code.size() <= Denial::code_bytes_max, 1, "a code has 1 to 64 bytes");
    const std::size_t message_bytes = lua_isnoneornil(state, 2) ? 0 : text_at(state, 2).size();
    luaL_argcheck(state, message_bytes <= Denial::message_bytes_max, 2, "a message has at most 500 bytes");
    charge(state, call_cost);
    lua_settop(state, 3);
    lua_newuserdatauv(state, 0, 3);
    for (int part = 1; part <= 3; ++part) {
        lua_pushvalue(state, part);
        lua_setiuservalue(state, 4, part);
    }
    luaL_setmetatable(state, denial_object);
    return 1;
}

std::optional<std::expected<Denial, Complaint>> read_denial(lua_State* state, int index) {
    if (lua_type(state, index) != LUA_TUSERDATA || lua_checkstack(state, 4) == 0) return std::nullopt;
    // Of all objects only a denial has text as its first part. Comparing metatables would need their name, and making
    // that could raise.
    const int denial = lua_absindex(state, index);
    const int top = lua_gettop(state);
    Denial said;
    const bool has_parts = lua_getiuservalue(state, denial, 1) == LUA_TSTRING && lua_rawlen(state, denial) == 0;
    if (!has_parts) {
        lua_settop(state, top);
        return std::nullopt;
    }
    const auto text = [state](int at) {
        std::size_t size = 0;
        const char* start = lua_type(state, at) == LUA_TSTRING ? lua_tolstring(state, at, &size) : "";
        return std::string{start, size};
    };
    said.code = text(-1);
    lua_getiuservalue(state, denial, 2);
    said.message = text(-1);
    lua_getiuservalue(state, denial, 3);
    auto data = read_argument(state, -1, "P.deny: data");
    lua_settop(state, top);
    if (!data) return std::unexpected(data.error());
    said.data = *std::move(data);
    return said;
}

std::optional<int> add_object(lua_State* state, int index, Digest& digest) {
    index = lua_absindex(state, index);
    if (add_state_object(state, index, digest)) return 0;
    const char* const names[] = {room_object, store_object, limiter_object, denial_object};
    for (const char* name : names) {
        if (luaL_testudata(state, index, name) == nullptr) continue;
        digest.add_bytes(name, std::string_view{name}.size());
        if (name == limiter_object) digest.add(*static_cast<std::size_t*>(lua_touserdata(state, index)));
        return name == denial_object ? 3 : 0;
    }
    // Only a plugin's P is left of what is handed out without a name, and it is the one object that holds nothing.
    if (lua_rawlen(state, index) > 0) return std::nullopt;
    return 0;
}

void open_objects(lua_State* state) {
    open_object(state, limiter_object, limiter_functions, nullptr);
    open_object(state, store_object, store_functions, nullptr);
    open_object(state, denial_object, nullptr, nullptr);
}

} // namespace playhead::lua
