local P = ...

-- A start is kept as wall-clock time; the tick it falls on is worked out again and again, because the clock of a machine
-- may be set while the room waits.

local align_s = 30
local tell_s = 1 -- how soon we ask again if the room has not been told the time yet

local function align(room)
  local start, now_s = P.shared.start, room:wall_s()
  if not start then
    return P:cancel("start")
  end
  if not now_s then
    return P:after(tell_s, "align")
  end
  local left_s = math.max(0, start.at_unix_s - now_s)
  start.starts_tick = room.tick + math.ceil(left_s / room.tick_s - 0.001)
  P.shared.start = start
  P:after(left_s, "start")
  P:after(align_s, "align")
end

P:on_timer("align", align)

local function begin(room)
  local start = P.shared.start
  P.shared.start = nil -- first, so that our own play is not the one we keep from happening
  P:cancel("start")
  P:cancel("align")
  if start.url then
    room:load({ url = start.url, kind = start.kind or "file", title = start.title or "", play = true })
  elseif room.media then
    room:play()
  elseif P:read("queue") then
    room:command("queue", "next", {})
  end
  local now_s = room:wall_s()
  P:emit("started", { late_s = now_s and math.max(0, now_s - start.at_unix_s) or 0 })
end

P:on_timer("start", function(room)
  if P.shared.start then
    begin(room)
  end
end)

local function set_start(room, start)
  P.shared.start = start
  if room.playing then
    room:pause()
  end
  if room.media and not start.url and room.position_s > 0 then
    room:seek(0)
  end
  align(room)
end

P:command("set", function(room, call)
  local args = call.args
  local now_s = room:wall_s()
  if not now_s then
    return P.deny("no_clock", "the room has not been told the time yet; in a moment it will", { retry_ms = 1000 })
  end
  if (args.at_unix_s == nil) == (args.in_s == nil) then
    return P.deny("when", "say either at_unix_s or in_s")
  end
  local at_s = args.at_unix_s or now_s + args.in_s
  if at_s <= now_s then
    return P.deny("past", "this time is over")
  end
  if at_s > now_s + P.settings.ahead_max_s then
    return P.deny("too_far", "a start can be set " .. P.settings.ahead_max_s // 86400 .. " days ahead")
  end
  local row = call.viewer and room:viewer(call.viewer)
  set_start(room, {
    at_unix_s = at_s,
    starts_tick = room.tick,
    locked = args.locked == nil and P.settings.locked or args.locked == true,
    by_name = row and row.name or "",
    url = args.url,
    kind = args.kind,
    title = args.title,
  })
  return { at_unix_s = at_s, starts_tick = P.shared.start.starts_tick }
end)

local function nothing_set()
  return P.deny("not_set", "no start is set")
end

P:command("cancel", function(room)
  if not P.shared.start then
    return nothing_set()
  end
  P.shared.start = nil
  align(room)
end)

P:command("start_now", function(room)
  if not P.shared.start then
    return nothing_set()
  end
  begin(room)
end)

---- Until then ------------------------------------------------------------------------------------------------------

local function is_locked(plugin)
  return P.shared.start and P.shared.start.locked and plugin ~= P.name
end

P:decide("playback.play", function(_, ask)
  if is_locked(ask.plugin) then
    local start = P.shared.start
    return P.deny("scheduled", "the film starts at the set time", {
      at_unix_s = start.at_unix_s,
      starts_tick = start.starts_tick,
    })
  end
end)

-- Something else may be loaded meanwhile; it waits too.
P:on("loaded", function(room, event)
  if is_locked(event.plugin) and room.playing then
    room:pause()
  end
end)

-- The operator's own start, of the settings: once for each time that is written there.
local function use_setting(room)
  local at_s, now_s = P.settings.at_unix_s, room:wall_s()
  if at_s == 0 or P.saved.used_setting == at_s then
    return
  end
  if not now_s then
    return P:after(tell_s, "setting")
  end
  P.saved.used_setting = at_s
  if at_s > now_s then
    set_start(room, { at_unix_s = at_s, starts_tick = room.tick, locked = P.settings.locked, by_name = "" })
  end
end

P:on_timer("setting", use_setting)

P:on("started", function(room)
  use_setting(room)
  if P.shared.start then
    align(room)
  end
end)
