#include "core/nearest.hpp"
#include "core/utf8.hpp"
#include "plugin/lua_api.hpp"
#include "plugin/script_value.hpp"
#include "room/permission.hpp"

#include <lua.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

// What a `room` has. What it says is as of now; what it is asked for is queued and happens later in the same tick.
namespace playhead::lua {
namespace {

const char room_key = 'r'; // its address names the room in the registry

constexpr std::int64_t call_cost = 20;
constexpr std::int64_t row_cost = 60;      // of a viewer's table
constexpr lua_Integer viewers_max = 1'000; // of one answer

std::string_view text_at(lua_State* state, int index) {
    std::size_t size = 0;
    const char* text = luaL_checklstring(state, index, &size);
    return {text, size};
}

std::string_view optional_text_at(lua_State* state, int index) {
    return lua_isnoneornil(state, index) ? std::string_view{} : text_at(state, index);
}

int nothing(lua_State* state) {
    lua_pushnil(state);
    return 1;
}

// Null if nobody of that id is here.
const ViewerRow* row_at(lua_State* state, int index) {
    if (lua_isnoneornil(state, index)) return nullptr;
    const lua_Integer id = luaL_checkinteger(state, index);
    if (id < 1 || id > std::numeric_limits<std::uint32_t>::max()) return nullptr;
    const auto& viewers = host_room(state).room.state().viewers;
    const auto row = viewers.find(ViewerId{static_cast<std::uint32_t>(id)});
    return row == viewers.end() ? nullptr : &row->second;
}

ViewerId viewer_at(lua_State* state, int index) {
    const lua_Integer id = luaL_checkinteger(state, index);
    luaL_argcheck(state, id >= 1 && id <= std::numeric_limits<std::uint32_t>::max(), index, "expected a viewer's id");
    return ViewerId{static_cast<std::uint32_t>(id)};
}

// ---- What is so

// room:viewer(id) -> {id, name, roles, connected, stalled, away, blocked, joined_tick} | nil
int viewer(lua_State* state) {
    charge(state, row_cost);
    HostRoom& host = host_room(state);
    const ViewerRow* row = row_at(state, 2);
    if (row == nullptr) return nothing(state);
    checked(state, [&]() -> std::optional<Complaint> {
        host.scratch = host.viewer(*row);
        return std::nullopt;
    });
    push_value(state, host.scratch);
    return 1;
}

// room:viewers([after_id [, limit]]) -> list of such, in the order of ids
int viewers(lua_State* state) {
    const lua_Integer after = luaL_optinteger(state, 2, 0);
    const lua_Integer limit = luaL_optinteger(state, 3, viewers_max);
    luaL_argcheck(state, limit >= 1, 3, "expected 1 or more");
    HostRoom& host = host_room(state);
    const auto& all = host.room.state().viewers;
    const auto id =
        static_cast<std::uint32_t>(std::clamp<lua_Integer>(after, 0, std::numeric_limits<std::uint32_t>::max()));
    auto next = all.upper_bound(ViewerId{id});
    lua_newtable(state);
    for (lua_Integer count = 1; next != all.end() && count <= limit && count <= viewers_max; ++count, ++next) {
        charge(state, row_cost);
        checked(state, [&]() -> std::optional<Complaint> {
            host.scratch = host.viewer(next->second);
            return std::nullopt;
        });
        push_value(state, host.scratch);
        lua_rawseti(state, -2, count);
    }
    return 1;
}

// room:viewer_count() -> integer
int viewer_count(lua_State* state) {
    lua_pushinteger(state, static_cast<lua_Integer>(host_room(state).room.state().viewers.size()));
    return 1;
}

// room:has(id, role) -> boolean
int has(lua_State* state) {
    charge(state, call_cost);
    const ViewerRow* row = row_at(state, 2);
    const auto bit = role_bit(text_at(state, 3));
    luaL_argcheck(state, bit.has_value(), 3, "expected owner, moderator, host, cohost, member or muted");
    lua_pushboolean(state, row != nullptr && (row->roles & *bit) != 0 ? 1 : 0);
    return 1;
}

// room:may(id, permission) -> true | false, reason
int may(lua_State* state) {
    charge(state, call_cost * 3);
    const ViewerRow* row = row_at(state, 2);
    const std::string_view permission = text_at(state, 3);
    HostRoom& host = host_room(state);
    bool allowed = true;
    checked(state, [&]() -> std::optional<Complaint> {
        auto denial = denied(host.room.state().shared, permission, row == nullptr ? 0 : row->roles);
        allowed = !denial;
        host.scratch = denial ? Value{std::move(denial->reason)} : Value{};
        return std::nullopt;
    });
    lua_pushboolean(state, allowed ? 1 : 0);
    if (allowed) return 1;
    push_value(state, host.scratch);
    return 2;
}

// room:wall_s() -> seconds since 1970 (UTC) | nil if the room was not told
int wall_s(lua_State* state) {
    HostRoom& host = host_room(state);
    attempt(state, [&] { return host.need(Grant::wall_time, "room:wall_s"); });
    const auto seconds = host.wall_s();
    if (!seconds) return nothing(state);
    lua_pushnumber(state, *seconds);
    return 1;
}

// room:random() -> number from 0 to below 1; room:random(last), room:random(first, last) -> integer
int random(lua_State* state) {
    charge(state, call_cost);
    Chance& chance = host_room(state).state.chance;
    if (lua_isnoneornil(state, 2)) {
        lua_pushnumber(state, chance.fraction());
        return 1;
    }
    const bool both = !lua_isnoneornil(state, 3);
    const lua_Integer first = both ? luaL_checkinteger(state, 2) : 1;
    const lua_Integer last = luaL_checkinteger(state, both ? 3 : 2);
    luaL_argcheck(state, first <= last, both ? 3 : 2, "there is no integer in that range");
    lua_pushinteger(state, chance.between(first, last));
    return 1;
}

// room:log(text)
int log(lua_State* state) {
    const std::string_view text = text_at(state, 2);
    charge(state, call_cost * 2);
    attempt(state, [&] { return host_room(state).log(text); });
    return 0;
}

// ---- What it is asked for

template <class Make>
int ask(lua_State* state, Grant grant, const char* function, Make make) {
    charge(state, call_cost * 2);
    attempt(state, [&]() -> HostRoom::Done {
        HostRoom& host = host_room(state);
        if (auto granted = host.need(grant, function); !granted) return granted;
        return host.queue(make());
    });
    return 0;
}

// room:play()
int play(lua_State* state) {
    return ask(state, Grant::playback, "room:play", [] { return Action{Play{}}; });
}

// room:pause()
int pause(lua_State* state) {
    return ask(state, Grant::playback, "room:pause", [] { return Action{Pause{}}; });
}

// room:seek(position_s)
int seek(lua_State* state) {
    const double position_s = luaL_checknumber(state, 2);
    const double last_s = static_cast<double>(time_max.count()) / 1e6;
    luaL_argcheck(state, position_s >= 0 && position_s <= last_s, 2, "expected seconds, 0 or more");
    return ask(state, Grant::playback, "room:seek",
               [&] { return Action{Seek{MediaTime{std::llround(position_s * 1e6)}}}; });
}

// room:set_rate(factor)
int set_rate(lua_State* state) {
    const double factor = luaL_checknumber(state, 2);
    luaL_argcheck(state, factor * 1000 >= Rate::permille_min && factor * 1000 <= Rate::permille_max, 2,
                  "expected a factor from 0.25 to 2");
    const auto permille = static_cast<std::int32_t>(std::lround(factor * 1000));
    return ask(state, Grant::playback, "room:set_rate", [&] { return Action{SetRate{Rate{permille}}}; });
}

// room:load{ url = [, kind =, title =, start_s =, play =] }
int load(lua_State* state) {
    luaL_checktype(state, 2, LUA_TTABLE);
    charge(state, call_cost * 4);
    attempt(state, [&]() -> HostRoom::Done {
        HostRoom& host = host_room(state);
        if (auto granted = host.need(Grant::playback, "room:load"); !granted) return granted;
        const auto what = read_argument(state, 2, "room:load");
        if (!what) return std::unexpected(what.error());
        return host.load(*what);
    });
    return 0;
}

// The reason of a kick or ban, for people: what is too long is cut.
std::string reason_of(std::string_view text) {
    constexpr std::size_t reason_bytes_max = 200;
    return valid_utf8(text) ? std::string{cut_utf8(text, reason_bytes_max)} : std::string{};
}

// room:kick(id [, reason])
int kick(lua_State* state) {
    const ViewerId id = viewer_at(state, 2);
    const std::string_view reason = optional_text_at(state, 3);
    return ask(state, Grant::kick, "room:kick",
               [&] { return Kick{id, host_room(state).running.plugin->name(), reason_of(reason)}; });
}

// room:ban(id, seconds [, reason])
int ban(lua_State* state) {
    const ViewerId id = viewer_at(state, 2);
    const double seconds = luaL_checknumber(state, 3);
    luaL_argcheck(state, seconds > 0 && seconds <= static_cast<double>(Ban::seconds_max), 3,
                  "expected seconds, more than 0 and at most a year");
    const std::string_view reason = optional_text_at(state, 4);
    return ask(state, Grant::ban, "room:ban", [&] {
        return Ban{id, static_cast<std::int64_t>(std::ceil(seconds)), host_room(state).running.plugin->name(),
                   reason_of(reason)};
    });
}

// room:unban(viewer's id or name)
int unban(lua_State* state) {
    const std::string_view who = text_at(state, 2); // numbers become text
    luaL_argcheck(state, who.size() <= 256, 2, "expected a viewer's id or name");
    return ask(state, Grant::ban, "room:unban",
               [&] { return Unban{std::string{who}, host_room(state).running.plugin->name()}; });
}

int change_role(lua_State* state, const char* function, bool grants) {
    const lua_Integer id = luaL_checkinteger(state, 2);
    const std::string_view role = text_at(state, 3);
    charge(state, call_cost * 2);
    attempt(state, [&]() -> HostRoom::Done {
        HostRoom& host = host_room(state);
        if (auto granted = host.need(Grant::roles, function); !granted) return granted;
        if (auto queued = host.change_role(id, role, grants); !queued)
            return std::unexpected(Complaint{std::string{function} + ": " + queued.error().text()});
        return {};
    });
    return 0;
}

// room:grant(id, role)
int grant(lua_State* state) { return change_role(state, "room:grant", true); }
// room:revoke(id, role)
int revoke(lua_State* state) { return change_role(state, "room:revoke", false); }

// room:permit(permission, {roles = "anyone" | {role...} [, except = {role...}] [, reason = text]} | nil)
int permit(lua_State* state) {
    const std::string_view permission = text_at(state, 2);
    charge(state, call_cost * 4);
    attempt(state, [&]() -> HostRoom::Done {
        const auto rule = read_argument(state, 3, "room:permit");
        if (!rule) return std::unexpected(rule.error());
        return host_room(state).permit(permission, *rule);
    });
    return 0;
}

// room:command(plugin, name [, args])
int command(lua_State* state) {
    const std::string_view plugin = text_at(state, 2);
    const std::string_view name = text_at(state, 3);
    charge(state, call_cost * 4);
    attempt(state, [&]() -> HostRoom::Done {
        HostRoom& host = host_room(state);
        if (auto granted = host.need(Grant::commands, "room:command"); !granted) return granted;
        auto args = read_argument(state, 4, "room:command: args");
        if (!args) return std::unexpected(args.error());
        return host.command(plugin, name, *std::move(args));
    });
    return 0;
}

constexpr luaL_Reg room_functions[] = {{"viewer", viewer}, {"viewers", viewers}, {"viewer_count", viewer_count},
                                       {"has", has},       {"may", may},         {"wall_s", wall_s},
                                       {"random", random}, {"log", log},         {"play", play},
                                       {"pause", pause},   {"seek", seek},       {"set_rate", set_rate},
                                       {"load", load},     {"kick", kick},       {"ban", ban},
                                       {"unban", unban},   {"grant", grant},     {"revoke", revoke},
                                       {"permit", permit}, {"command", command}, {nullptr, nullptr}};

// ---- Fields

struct RoomField {
    const char* name;
    int (*push)(lua_State*, HostRoom&);
};

int push_media(lua_State* state, HostRoom& host) {
    checked(state, [&]() -> std::optional<Complaint> {
        host.scratch = host.media();
        return std::nullopt;
    });
    push_value(state, host.scratch);
    return 1;
}

constexpr RoomField room_fields[] = {
    {"tick", [](lua_State* state, HostRoom& host) { return lua_pushinteger(state, host.tick.number), 1; }},
    {"time_s", [](lua_State* state, HostRoom& host) { return lua_pushnumber(state, host.time_s()), 1; }},
    {"tick_s",
     [](lua_State* state, HostRoom& host) {
         return lua_pushnumber(state, static_cast<double>(host.room.tick_length().value.count()) / 1e6), 1;
     }},
    {"position_s", [](lua_State* state, HostRoom& host) { return lua_pushnumber(state, host.position_s()), 1; }},
    {"playing",
     [](lua_State* state, HostRoom& host) {
         return lua_pushboolean(state, host.room.state().motion.value().intent().playing ? 1 : 0), 1;
     }},
    {"rate",
     [](lua_State* state, HostRoom& host) {
         return lua_pushnumber(state, host.room.state().motion.value().intent().rate.permille / 1000.0), 1;
     }},
    {"media", push_media},
    {"id",
     [](lua_State* state, HostRoom& host) {
         return lua_pushlstring(state, host.context.room.data(), host.context.room.size()), 1;
     }},
    {"title",
     [](lua_State* state, HostRoom& host) {
         const std::string& title = host.room.state().info.value().title;
         return lua_pushlstring(state, title.data(), title.size()), 1;
     }},
};

// room.field, room:function. What there is not is an error: a field that is misspelt is not nil.
int room_index(lua_State* state) {
    charge(state, 5);
    luaL_checkudata(state, 1, room_object);
    lua_pushvalue(state, 2);
    if (lua_rawget(state, lua_upvalueindex(1)) != LUA_TNIL) return 1;
    std::size_t size = 0;
    const char* text = lua_type(state, 2) == LUA_TSTRING ? lua_tolstring(state, 2, &size) : "";
    const std::string_view name{text, size};
    for (const RoomField& field : room_fields)
        if (name == field.name) return field.push(state, host_room(state));
    attempt(state, [&]() -> HostRoom::Done {
        std::vector<std::string> known;
        for (const RoomField& field : room_fields) known.emplace_back(field.name);
        for (const luaL_Reg& function : room_functions)
            if (function.name != nullptr) known.emplace_back(function.name);
        return std::unexpected(
            Complaint{"a room has no " + shown(Value{std::string{name}}) + ": " + no_such_key(known, name)});
    });
    return 0;
}

int read_only(lua_State* state) { return luaL_error(state, "a room's fields are read only; ask with its functions"); }

constexpr luaL_Reg room_metamethods[] = {{"__newindex", read_only}, {nullptr, nullptr}};

} // namespace

void open_room(lua_State* state) {
    luaL_newmetatable(state, room_object);
    luaL_setfuncs(state, room_metamethods, 0);
    lua_newtable(state);
    luaL_setfuncs(state, room_functions, 0);
    lua_pushcclosure(state, room_index, 1);
    lua_setfield(state, -2, "__index");
    lock_metatable(state);
    lua_pop(state, 1);

    lua_newuserdatauv(state, 0, 0);
    luaL_setmetatable(state, room_object);
    lua_rawsetp(state, LUA_REGISTRYINDEX, &room_key);
}

void push_room(lua_State* state) { lua_rawgetp(state, LUA_REGISTRYINDEX, &room_key); }

} // namespace playhead::lua
