#include "plugin/lua_api.hpp"

#include "plugin/lua_typed.hpp"
#include "plugin/script_value.hpp"

#include <lua.hpp>

#include <algorithm>
#include <utility>

// The functions of `P`. What they do is in host_room*.cpp; here is how they are called.
namespace playhead::lua {
namespace {

const char functions_key = 'f'; // its address names the table of all plugins' functions in the registry

constexpr std::int64_t call_cost = 20; // of a function of the API, beside what it does

std::string_view text_at(lua_State* state, int index) {
    std::size_t size = 0;
    const char* text = luaL_checklstring(state, index, &size);
    return {text, size};
}

int nothing(lua_State* state) {
    lua_pushnil(state);
    return 1;
}

// ---- Registering

int register_hook(lua_State* state, HookKind kind, std::string_view name, int function, std::uint32_t period = 0) {
    luaL_checktype(state, function, LUA_TFUNCTION);
    charge(state, call_cost);
    HostRoom& host = host_room(state);
    push_functions(state, *host.running.plugin);
    lua_pushvalue(state, function);
    const int slot = luaL_ref(state, -2);
    attempt(state, [&] { return host.add_hook(kind, std::string{name}, slot, period); });
    return 0;
}

// P:decide(topic, function(room, ask) -> nil | P.deny(...))
int decide(lua_State* state) { return register_hook(state, HookKind::decide, text_at(state, 2), 3); }
// P:transform(topic, function(room, value, ask) -> value)
int transform(lua_State* state) { return register_hook(state, HookKind::transform, text_at(state, 2), 3); }
// P:on(event, function(room, event))
int on(lua_State* state) { return register_hook(state, HookKind::on, text_at(state, 2), 3); }
// P:command(name, function(room, call) -> result | P.deny(...))
int command(lua_State* state) { return register_hook(state, HookKind::command, text_at(state, 2), 3); }
// P:signal(name, function(room, call))
int signal(lua_State* state) { return register_hook(state, HookKind::signal, text_at(state, 2), 3); }
// P:on_timer(name, function(room, data))
int on_timer(lua_State* state) { return register_hook(state, HookKind::timer, text_at(state, 2), 3); }
// P:migrate(function(old_version, old))
int migrate(lua_State* state) { return register_hook(state, HookKind::migrate, "", 2); }
// P:self_test(function())
int self_test(lua_State* state) { return register_hook(state, HookKind::self_test, "", 2); }

// P:every(seconds, function(room, missed))
int every(lua_State* state) {
    const double seconds = luaL_checknumber(state, 2);
    const auto ticks = host_room(state).ticks_of(seconds);
    luaL_argcheck(state, ticks.has_value() && seconds > 0, 2, "expected seconds, more than 0 and at most a year");
    const char* name = lua_pushfstring(state, "%f s", seconds); // "0.5 s"
    return register_hook(state, HookKind::every, name, 3, *ticks);
}

// ---- Timers, events, limits

// P:after(seconds, name [, data])
int after(lua_State* state) {
    const double seconds = luaL_checknumber(state, 2);
    const std::string_view name = text_at(state, 3);
    charge(state, call_cost * 2);
    attempt(state, [&]() -> HostRoom::Done {
        auto data = read_argument(state, 4, "P:after: data");
        if (!data) return std::unexpected(data.error());
        return room_at_work(state).after(seconds, name, *std::move(data));
    });
    return 0;
}

// P:cancel(name)
int cancel(lua_State* state) {
    const std::string_view name = text_at(state, 2);
    charge(state, call_cost);
    room_at_work(state).cancel(name);
    return 0;
}

// P:due_in(name) -> seconds | nil
int due_in(lua_State* state) {
    const std::string_view name = text_at(state, 2);
    charge(state, call_cost);
    const auto seconds = room_at_work(state).due_in_s(name);
    if (!seconds) return nothing(state);
    lua_pushnumber(state, *seconds);
    return 1;
}

// P:emit(event [, data [, viewer]])
int emit(lua_State* state) {
    const std::string_view event = text_at(state, 2);
    const bool to_one = !lua_isnoneornil(state, 4);
    const lua_Integer viewer = to_one ? luaL_checkinteger(state, 4) : 0;
    charge(state, call_cost * 2);
    attempt(state, [&]() -> HostRoom::Done {
        auto data = read_argument(state, 3, "P:emit: data");
        if (!data) return std::unexpected(data.error());
        return room_at_work(state).emit(event, *std::move(data),
                                        to_one ? std::optional<std::int64_t>{viewer} : std::nullopt);
    });
    return 0;
}

// P:apply(topic, value [, ask]) -> value
int apply(lua_State* state) {
    constexpr unsigned nested_max = 4;
    const std::string_view topic = text_at(state, 2);
    luaL_checkany(state, 3);
    charge(state, call_cost);
    HostRoom& host = room_at_work(state);
    const Type* type = nullptr;
    attempt(state, [&]() -> HostRoom::Done {
        const auto& topics = host.running.plugin->manifest().topics;
        const auto found = topics.find(topic);
        if (found == topics.end())
            return std::unexpected(Complaint{"P:apply: plugin.lua declares no topic " + std::string{topic}});
        if (host.running.nested >= nested_max)
            return std::unexpected(Complaint{"P:apply: called inside itself too often"});
        type = &found->second;
        auto value = read_argument(state, 3, "P:apply: the value");
        auto ask = read_argument(state, 4, "P:apply: ask");
        if (!value || !ask) return std::unexpected(value ? ask.error() : value.error());
        auto good = playhead::checked(*type, *std::move(value), "P:apply: " + std::string{topic});
        if (!good) return std::unexpected(Complaint{good.error()});
        host.scratch = host.chain->transform_within(state, topic, *type, *std::move(good), *ask);
        return {};
    });
    push_typed(state, host.scratch, *type);
    return 1;
}

// ---- Other plugins

// P:read(plugin) -> its shared state, read only | nil if it is not in the room or is suspended
int read(lua_State* state) {
    const std::string_view name = text_at(state, 2);
    charge(state, call_cost);
    HostRoom& host = room_at_work(state);
    const HostedPlugin* other = nullptr;
    attempt(state, [&]() -> HostRoom::Done {
        const Manifest& manifest = host.running.plugin->manifest();
        const bool named = manifest.requires_.contains(name) ||
                           std::ranges::find(manifest.after, name) != manifest.after.end() ||
                           std::ranges::find(manifest.before, name) != manifest.before.end();
        if (!named)
            return std::unexpected(Complaint{"P:read: " + shown(Value{std::string{name}}) +
                                             " is in none of requires, after and before of plugin.lua"});
        other = host.find(name);
        return {};
    });
    if (other == nullptr || !other->running) return nothing(state);
    push_state(state, *other, false, false);
    return 1;
}

int unknown_member(lua_State* state) {
    const char* key = lua_type(state, 2) == LUA_TSTRING ? lua_tostring(state, 2) : "that";
    return luaL_error(state, "P has no %s; see \"What P has\" in plugins/README.md", key);
}

int read_only(lua_State* state) { return luaL_error(state, "P is read only"); }

constexpr luaL_Reg plugin_functions[] = {
    {"decide", decide},   {"transform", transform}, {"on", on},
    {"command", command}, {"signal", signal},       {"on_timer", on_timer},
    {"migrate", migrate}, {"every", every},         {"after", after},
    {"cancel", cancel},   {"self_test", self_test}, {"due_in", due_in},
    {"emit", emit},       {"apply", apply},         {"limiter", make_limiter},
    {"read", read},       {"deny", make_denial},    {nullptr, nullptr},
};
constexpr const char* plugin_methods = "P's functions"; // in the registry

} // namespace

HostRoom& host_room(lua_State* state) { return *static_cast<HostRoom*>(host_of(state)); }

HostRoom& room_at_work(lua_State* state) {
    HostRoom& host = host_room(state);
    host.running.pure = false;
    return host;
}

std::expected<Value, Complaint> read_argument(lua_State* state, int index, std::string_view what) {
    if (lua_isnoneornil(state, index)) return Value{};
    auto value = read_value(state, index, {.integer_keys = true});
    if (value) return value;
    return std::unexpected(Complaint{std::string{what} + ": " + value.error().text()});
}

void open_object(lua_State* state, const char* name, const luaL_Reg* methods, const luaL_Reg* metamethods) {
    luaL_newmetatable(state, name);
    if (metamethods != nullptr) luaL_setfuncs(state, metamethods, 0);
    if (methods != nullptr) {
        lua_newtable(state);
        luaL_setfuncs(state, methods, 0);
        lua_setfield(state, -2, "__index");
    }
    lock_metatable(state);
    lua_pop(state, 1);
}

void open_api(lua_State* state) {
    lua_newtable(state);
    lua_rawsetp(state, LUA_REGISTRYINDEX, &functions_key);

    lua_newtable(state);
    luaL_setfuncs(state, plugin_functions, 0);
    lua_createtable(state, 0, 1);
    lua_pushcfunction(state, unknown_member);
    lua_setfield(state, -2, "__index");
    lua_setmetatable(state, -2);
    lua_setfield(state, LUA_REGISTRYINDEX, plugin_methods);

    open_objects(state);
    open_state(state);
    open_room(state);
}

void push_plugin(lua_State* state, const HostedPlugin& hosted) {
    lua_newuserdatauv(state, 0, 0);
    lua_createtable(state, 0, 3); // its metatable

    lua_createtable(state, 0, 6); // its fields
    lua_pushstring(state, hosted.name().c_str());
    lua_setfield(state, -2, "name");
    checked(state, [&]() -> std::optional<Complaint> {
        host_room(state).scratch = Value{hosted.manifest().version.text()};
        return std::nullopt;
    });
    push_value(state, host_room(state).scratch);
    lua_setfield(state, -2, "version");
    push_state(state, hosted, false, true);
    lua_setfield(state, -2, "shared");
    push_state(state, hosted, true, true);
    lua_setfield(state, -2, "saved");
    lua_newuserdatauv(state, 0, 0);
    luaL_setmetatable(state, store_object);
    lua_setfield(state, -2, "store");

    lua_newtable(state); // its settings
    if (const auto* settings = hosted.plugin->settings.get_if<Value::Map>()) {
        for (const Value::Entry& setting : *settings) {
            const auto spec = hosted.manifest().settings.find(setting.key);
            if (spec == hosted.manifest().settings.end()) continue;
            push_typed(state, setting.value, spec->second.type);
            lua_setfield(state, -2, setting.key.c_str());
        }
    }
    make_read_only(state);
    lua_setfield(state, -2, "settings");

    lua_createtable(state, 0, 1); // what is not among the fields is a function, or a mistake
    lua_getfield(state, LUA_REGISTRYINDEX, plugin_methods);
    lua_setfield(state, -2, "__index");
    lua_setmetatable(state, -2);

    lua_setfield(state, -2, "__index");
    lua_pushcfunction(state, read_only);
    lua_setfield(state, -2, "__newindex");
    lock_metatable(state);
    lua_setmetatable(state, -2);
}

void make_functions(lua_State* state, const HostedPlugin& hosted) {
    lua_rawgetp(state, LUA_REGISTRYINDEX, &functions_key);
    lua_newtable(state);
    lua_rawsetp(state, -2, &hosted);
    lua_pop(state, 1);
}

void push_functions(lua_State* state, const HostedPlugin& hosted) {
    lua_rawgetp(state, LUA_REGISTRYINDEX, &functions_key);
    lua_rawgetp(state, -1, &hosted);
    lua_remove(state, -2);
}

void drop_functions(lua_State* state, const HostedPlugin& hosted) {
    lua_rawgetp(state, LUA_REGISTRYINDEX, &functions_key);
    lua_pushnil(state);
    lua_rawsetp(state, -2, &hosted);
    lua_pop(state, 1);
}

} // namespace playhead::lua
