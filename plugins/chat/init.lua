local P = ...

-- What an entry of the log takes of the plugin's share of the room's state (shared_kib), beside its texts: no less than
-- the engine counts. The oldest lines go before it is used up.
local line_bytes = 340
local log_bytes_max = 70 * 1024
local log_bytes -- of all lines; nil: to be counted anew

local function bytes_of(line)
  return line_bytes + #line.text + #line.name
end

local function make_room_for(line)
  local log = P.shared.log
  if not log_bytes then
    log_bytes = 0
    for _, kept in log:each() do
      log_bytes = log_bytes + bytes_of(kept)
    end
  end
  local going, count = {}, #log
  log_bytes = log_bytes + bytes_of(line)
  for index, kept in log:each() do
    if count < P.settings.keep and log_bytes <= log_bytes_max then
      break
    end
    going[#going + 1] = index
    count = count - 1
    log_bytes = log_bytes - bytes_of(kept)
  end
  for _, index in ipairs(going) do
    log:remove(index)
  end
end

-- Our own filter, first of the chain: one line, without white space around it.
P:transform("chat.text", function(_, text)
  return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end)

local function is_moderator(room, viewer)
  return viewer == nil or room:may(viewer, "chat.moderate")
end

---- Slow mode -------------------------------------------------------------------------------------------------------

local speakers_max = 500
local spoke_at, speakers = {}, 0 -- viewer -> tick; only while slow mode is on

local function set_slow(seconds)
  P.shared.limits = { length_max = P.settings.length_max, edit_s = P.settings.edit_s, slow_s = seconds }
  spoke_at, speakers = {}, 0
end

-- How long this viewer still has to wait; nothing if it may go on.
local function slow_left_s(room, viewer)
  local slow_s = P.shared.limits.slow_s
  local at = slow_s > 0 and not is_moderator(room, viewer) and spoke_at[viewer]
  local left_s = at and slow_s - (room.tick - at) * room.tick_s or 0
  return left_s > 0 and left_s or nil
end

local function note_speaker(room, viewer)
  if P.shared.limits.slow_s == 0 then
    return
  end
  if speakers == speakers_max then
    spoke_at, speakers = {}, 0 -- so many wait: some of them a little less
  end
  speakers = speakers + (spoke_at[viewer] and 0 or 1)
  spoke_at[viewer] = room.tick
end

P:command("set_slow", function(_, call)
  set_slow(call.args.seconds)
end)

---- Typing ----------------------------------------------------------------------------------------------------------

local typing_s = 5 -- pages say it again while it goes on
local typing_told_s = 0.5
local typing_max = 64
local typing, typing_count = {}, 0 -- viewer -> the tick until which it holds

local function set_typing(room, viewer, on)
  local was = typing[viewer] ~= nil
  if on and not was and typing_count == typing_max then
    return -- of very many nobody needs to know all
  end
  typing[viewer] = on and room.tick + math.floor(typing_s / room.tick_s) or nil
  typing_count = typing_count + (on and not was and 1 or not on and was and -1 or 0)
  if (on or was) and not P:due_in("typing") then
    P:after(typing_told_s, "typing")
  end
end

P:on_timer("typing", function(room)
  local viewers, more = {}, 0
  for viewer, until_tick in pairs(typing) do
    if until_tick < room.tick then
      typing[viewer] = nil
      typing_count = typing_count - 1
    elseif #viewers < 8 then
      viewers[#viewers + 1] = viewer
    else
      more = more + 1
    end
  end
  P:emit("typing", { viewers = viewers, more = more })
end)

P:signal("typing", function(room, call)
  if room:may(call.viewer, "chat.say") then
    set_typing(room, call.viewer, call.args.on)
  end
end)

---- Lines -----------------------------------------------------------------------------------------------------------

-- The text as all filters leave it, or why it is not said.
local function filtered(room, call)
  local text = P:apply("chat.text", call.args.text, { viewer = call.viewer, plugin = call.plugin })
  if text == "" then
    return nil, P.deny("empty", "nothing is left of it to say")
  end
  return text
end

local function mentions_of(room, viewers)
  local here, seen = {}, {}
  for _, viewer in ipairs(viewers or {}) do
    if not seen[viewer] and room:viewer(viewer) then
      seen[viewer] = true
      here[#here + 1] = viewer
    end
  end
  return #here > 0 and here or nil
end

-- Where the film was for whoever wrote the line: milliseconds are enough.
local function position_for(room, args)
  if room.media then
    return math.floor((args.position_s or room.position_s) * 1000 + 0.5) / 1000
  end
end

P:command("say", function(room, call)
  local args = call.args
  if not call.viewer then
    return P.deny("nobody", "only viewers talk")
  end
  if args.reply_to and not P.shared.log:get(args.reply_to) then
    return P.deny("no_line", "the line this answers is gone")
  end
  local text, denial = filtered(room, call)
  if denial then
    return denial
  end
  local wait_s = slow_left_s(room, call.viewer)
  if wait_s then
    local message = "slow mode: one line every " .. P.shared.limits.slow_s .. " s"
    return P.deny("slow", message, { retry_ms = math.ceil(wait_s * 1000) })
  end
  local line = {
    from = call.viewer,
    name = room:viewer(call.viewer).name,
    text = text,
    tick = room.tick,
    media = room.media and room.media.instance,
    position_s = position_for(room, args),
    reply_to = args.reply_to,
    mentions = mentions_of(room, args.mentions),
  }
  make_room_for(line)
  note_speaker(room, call.viewer)
  set_typing(room, call.viewer, false)
  return { line = P.shared.log:push(line) }
end)

P:command("edit", function(room, call)
  local line = P.shared.log:get(call.args.line)
  if not line then
    return P.deny("no_line", "this line is gone")
  end
  if line.from ~= call.viewer then
    return P.deny("not_yours", "somebody else wrote this line")
  end
  if (room.tick - line.tick) * room.tick_s > P.settings.edit_s then
    return P.deny("too_late", "a line can be changed for " .. P.settings.edit_s .. " s")
  end
  local text, denial = filtered(room, call)
  if denial then
    return denial
  end
  line.text = text
  line.edited = true
  log_bytes = nil
  P.shared.log:set(call.args.line, line)
end)

P:command("delete", function(room, call)
  local line = P.shared.log:get(call.args.line)
  if not line then
    return P.deny("no_line", "this line is gone")
  end
  if line.from ~= call.viewer and not is_moderator(room, call.viewer) then
    return P.deny("not_yours", "somebody else wrote this line, and you are no moderator")
  end
  log_bytes = nil
  P.shared.log:remove(call.args.line)
end)

P:command("clear", function()
  log_bytes = nil
  P.shared.log:clear()
end)

P:on("leave", function(room, event)
  set_typing(room, event.viewer, false)
end)

P:on("started", function(room)
  set_slow(P.shared.limits and P.shared.limits.slow_s or P.settings.slow_s)
  room:permit("chat.moderate", { roles = { "moderator", "owner" }, reason = "only moderators" })
end)
