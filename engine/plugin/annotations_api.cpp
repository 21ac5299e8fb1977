#include "plugin/annotations.hpp"

namespace playhead {

std::string_view api_annotations() {
    return R"LUA(---@meta _
-- What plugins are given, for the Lua language server. Written by `playhead annotations`; plugins/README.md explains.
-- Times are seconds, rates are factors, positions are seconds of the media.

---@alias playhead.ViewerId integer
---@alias playhead.Role "owner"|"moderator"|"host"|"cohost"|"member"|"muted"
---@alias playhead.MediaKind "file"|"hls"|"dash"|"youtube"|"vimeo"|"twitch"
---@alias playhead.Audience "everyone"|"moderators"|"owner"

---What `P.deny` makes: return it to refuse.
---@class playhead.Denial

---@class playhead.Viewer
---@field id playhead.ViewerId
---@field name string
---@field roles table<playhead.Role, true?>
---@field connected boolean
---@field stalled boolean its player waits for data
---@field away boolean its page is hidden
---@field blocked boolean its browser keeps the player from starting
---@field joined_tick integer

---@class playhead.Media
---@field instance integer names this loading of it
---@field kind playhead.MediaKind
---@field url string
---@field title string
---@field duration_s number?

---@class playhead.Rule
---@field roles playhead.Role[]|"anyone" who may
---@field except? playhead.Role[] who of them may not
---@field reason? string shown to those who may not

---@class playhead.Load
---@field url string
---@field kind? playhead.MediaKind
---@field title? string
---@field start_s? number
---@field play? boolean

---The room, as it is while a hook runs. What a hook asks of it happens after the hook, in the same tick.
---@class playhead.Room
---@field id string names it in its link
---@field title string
---@field tick integer
---@field tick_s number seconds a tick lasts
---@field time_s number seconds since the room opened
---@field position_s number
---@field playing boolean
---@field rate number
---@field media playhead.Media?
local room = {}
---@param id playhead.ViewerId
---@return playhead.Viewer?
function room:viewer(id) end
---In the order of their ids.
---@param after_id? playhead.ViewerId
---@param limit? integer
---@return playhead.Viewer[]
function room:viewers(after_id, limit) end
---@return integer
function room:viewer_count() end
---@param id playhead.ViewerId
---@param role playhead.Role
---@return boolean
function room:has(id, role) end
---@param id playhead.ViewerId
---@param permission string
---@return boolean may
---@return string? reason
function room:may(id, permission) end
---Seconds since 1970 (UTC). Needs the grant "wall_time".
---@return number?
function room:wall_s() end
---From the room's seed: 0 to 1, 1 to a, or a to b.
---@param a? integer
---@param b? integer
---@return number
function room:random(a, b) end
---@param text string
function room:log(text) end
---These need the grant "playback".
function room:play() end
function room:pause() end
---@param position_s number
function room:seek(position_s) end
---@param factor number
function room:set_rate(factor) end
---@param media playhead.Load
function room:load(media) end
---Needs the grant "kick".
---@param id playhead.ViewerId
---@param reason string
function room:kick(id, reason) end
---Needs the grant "ban", as does unban.
---@param id playhead.ViewerId
---@param seconds number
---@param reason string
function room:ban(id, seconds, reason) end
---@param who playhead.ViewerId|string
function room:unban(who) end
---Needs the grant "roles", as does revoke.
---@param id playhead.ViewerId
---@param role playhead.Role
function room:grant(id, role) end
---@param id playhead.ViewerId
---@param role playhead.Role
function room:revoke(id, role) end
---Says who has a permission; nil takes the rule back. Other permissions than the plugin's own need the grant "roles".
---@param permission string
---@param rule playhead.Rule?
function room:permit(permission, rule) end
---Another plugin's command. Needs the grant "commands".
---@param plugin string
---@param name string
---@param args? table
function room:command(plugin, name, args) end

---Who asks, in a command or signal.
---@class playhead.Call
---@field viewer playhead.ViewerId? nil when a plugin asks
---@field plugin string?
---@field roles table<playhead.Role, true?>
---@field args table

---What is asked, in a decide or transform.
---@class playhead.Ask
---@field topic string
---@field action string
---@field viewer playhead.ViewerId?
---@field plugin string? the plugin that asks
---@field roles table<playhead.Role, true?>
---@field position_s number?
---@field rate number?
---@field url string?
---@field title string?
---@field kind playhead.MediaKind?
---@field args table?

---@class playhead.ViewerEvent
---@field viewer playhead.ViewerId
---@class playhead.JoinEvent : playhead.ViewerEvent
---@field name string
---@field roles table<playhead.Role, true?>
---@class playhead.LeaveEvent : playhead.JoinEvent
---@field why "left"|"lost"|"kicked"|"banned"
---@class playhead.ConditionEvent : playhead.ViewerEvent
---@field stalled boolean
---@field away boolean
---@field blocked boolean
---@class playhead.RolesEvent : playhead.ViewerEvent
---@field roles table<playhead.Role, true?>
---@class playhead.RenamedEvent : playhead.ViewerEvent
---@field name string
---@class playhead.PlaybackEvent
---@field viewer playhead.ViewerId?
---@field plugin string?
---@field position_s number
---@class playhead.PluginEvent
---@field plugin string
---What became of an action that this plugin queued and the room or another plugin refused.
---@class playhead.RefusedEvent
---@field topic string
---@field action string
---@field code string
---@field reason string?
---@field message string
---@field by string?

---@class playhead.Counter
local counter = {}
---@return integer
function counter:get() end
---@param value integer
function counter:set(value) end
---@param n integer
function counter:add(n) end

---@class playhead.Limiter
local limiter = {}
---@param key string|integer
---@param cost? number
---@return boolean taken
---@return integer? retry_ms
function limiter:take(key, cost) end

---Any data by name; saved, not replicated.
---@class playhead.Store
local store = {}
---@param key string
---@return any
function store:get(key) end
---@param key string
---@param value any
function store:set(key, value) end
---@return string[]
function store:keys() end

---@class playhead.Plugin
---@field name string
---@field version string
---@field settings table
---@field shared table
---@field saved table
---@field store playhead.Store
local P = {}

---@param code string for programs: "not_host"
---@param message? string for people
---@param data? any
---@return playhead.Denial
function P.deny(code, message, data) end

---Asked before something happens; a denial is final. A topic covers what is below it: "playback" covers "playback.pause".
---@param topic "playback"|"playback.play"|"playback.pause"|"playback.seek"|"playback.rate"|"playback.load"|"viewer.name"|string
---@param hook fun(room: playhead.Room, ask: playhead.Ask): playhead.Denial?
function P:decide(topic, hook) end

---@param topic "viewer.name"|string
---@param hook fun(room: playhead.Room, value: any, ask: playhead.Ask): any
function P:transform(topic, hook) end

---@overload fun(self: playhead.Plugin, event: "started", hook: fun(room: playhead.Room, event: table))
---@overload fun(self: playhead.Plugin, event: "join", hook: fun(room: playhead.Room, event: playhead.JoinEvent))
---@overload fun(self: playhead.Plugin, event: "leave", hook: fun(room: playhead.Room, event: playhead.LeaveEvent))
---@overload fun(self: playhead.Plugin, event: "lost"|"returned", hook: fun(room: playhead.Room, event: playhead.ViewerEvent))
---@overload fun(self: playhead.Plugin, event: "condition", hook: fun(room: playhead.Room, event: playhead.ConditionEvent))
---@overload fun(self: playhead.Plugin, event: "roles", hook: fun(room: playhead.Room, event: playhead.RolesEvent))
---@overload fun(self: playhead.Plugin, event: "renamed", hook: fun(room: playhead.Room, event: playhead.RenamedEvent))
---@overload fun(self: playhead.Plugin, event: "played"|"paused"|"sought"|"rate_changed"|"loaded"|"media_ended", hook: fun(room: playhead.Room, event: playhead.PlaybackEvent))
---@overload fun(self: playhead.Plugin, event: "suspended"|"resumed", hook: fun(room: playhead.Room, event: playhead.PluginEvent))
---@overload fun(self: playhead.Plugin, event: "refused", hook: fun(room: playhead.Room, event: playhead.RefusedEvent))
function P:on(event, hook) end

---@param name string
---@param hook fun(room: playhead.Room, call: playhead.Call): any
function P:command(name, hook) end

---@param name string
---@param hook fun(room: playhead.Room, call: playhead.Call)
function P:signal(name, hook) end

---@param seconds number rounded up to ticks
---@param hook fun(room: playhead.Room, missed: integer) missed: further due times that were skipped
function P:every(seconds, hook) end

---@param name string
---@param hook fun(room: playhead.Room, data: any)
function P:on_timer(name, hook) end
---One timer for each name; survives a reload.
---@param seconds number
---@param name string
---@param data? any
function P:after(seconds, name, data) end
---@param name string
function P:cancel(name) end
---@param name string
---@return number? seconds
function P:due_in(name) end

---Told after this tick's state, to the event's audience or to one viewer.
---@param event string
---@param data any
---@param viewer? playhead.ViewerId
function P:emit(event, data, viewer) end

---Sends a value through everybody's transforms of a topic of one's own.
---@param topic string
---@param value any
---@param ask? table
---@return any
function P:apply(topic, value, ask) end

---@param limits { rate: number, burst: integer } rate is per second
---@return playhead.Limiter
function P:limiter(limits) end

---The shared state of a plugin in `requires` or `after`, to read; nil if it is not there.
---@param plugin string
---@return table?
function P:read(plugin) end

---Run after a reload with another version. Lists and rings are lists of { id =, value = } and { index =, value = }.
---@param hook fun(old_version: string, old: { shared: table, saved: table })
function P:migrate(hook) end
---Run on a reload, before the new code replaces the old; an error keeps the old.
---@param hook fun()
function P:self_test(hook) end
)LUA";
}

} // namespace playhead
