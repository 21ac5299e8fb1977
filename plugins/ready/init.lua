local P = ...

-- The room waits like this: somebody's player stalls for longer than our patience, we pause, and say in `waiting` for
-- whom and how long. When all of them can play, or have been waited for long enough, we play. What people press meanwhile
-- is remembered: pause means that it stays paused, the first play that it goes on by itself, the second that it goes on
-- without them.

local reasons = { "stalled", "blocked", "joining", "lost" }
local limit_max = 0
for _, reason in ipairs(reasons) do
  limit_max = math.max(limit_max, P.settings[reason .. "_limit"])
end

local trouble = {} -- viewer -> the tick since when it could not play
local passed_over = {} -- viewers not waited for until they have recovered
local joining = {} -- those who came while the film ran -> when; until they first keep up
local holds = {} -- while we wait: viewer -> { since_tick, ends_tick }

local function ticks(room, seconds)
  return math.floor(seconds / room.tick_s + 0.5)
end

---- How long each may be waited for ---------------------------------------------------------------------------------

local function budget_of(room, viewer)
  local budget = P.saved.budgets[viewer]
  if not budget or room.time_s - budget.since_s >= P.settings.budget_window_s then
    return { since_s = room.time_s, used_s = 0 }
  end
  return budget
end

local function release(room, viewer)
  local hold = holds[viewer]
  if hold then
    holds[viewer] = nil
    local budget = budget_of(room, viewer)
    budget.used_s = budget.used_s + (room.tick - hold.since_tick) * room.tick_s
    P.saved.budgets[viewer] = budget
  end
end

-- Why the room waits for this viewer, if it does.
local function reason_for(room, row)
  if P.shared.excused[row.id] or passed_over[row.id] then
    return nil
  end
  local reason
  if not row.connected then
    reason = "lost"
  elseif row.away then
    return nil -- nobody is looking
  elseif row.blocked then
    reason = "blocked"
  elseif row.stalled then
    local since = joining[row.id]
    local is_joining = since and room.tick - since < ticks(room, P.settings.joining_timeout_s)
    reason = is_joining and "joining" or "stalled"
  end
  return reason and room:viewer_count() <= P.settings[reason .. "_limit"] and reason or nil
end

-- The viewers to wait for, who have been in trouble for so long: { viewer, name, reason, ends_tick } each.
local function find_held(room, patience_ticks)
  local held = {}
  for viewer, since in pairs(trouble) do
    local row = room:viewer(viewer)
    local reason = row and room.tick - since >= patience_ticks and reason_for(room, row)
    if reason and not holds[viewer] then
      local left_s = P.settings.budget_s - budget_of(room, viewer).used_s
      local longest_s = math.min(left_s, P.settings[reason .. "_timeout_s"])
      if longest_s > 0 then
        holds[viewer] = { since_tick = room.tick, ends_tick = room.tick + ticks(room, longest_s) }
      end
    end
    if reason and holds[viewer] then
      held[#held + 1] = { viewer = viewer, name = row.name, reason = reason, ends_tick = holds[viewer].ends_tick }
    end
  end
  return held
end

---- Waiting ---------------------------------------------------------------------------------------------------------

local left_behind = {} -- names of those that were waited for in vain this time

local function tell(room, held, resume, since_tick)
  local first, last = held[1].ends_tick, held[1].ends_tick
  local whom = {}
  for index, hold in ipairs(held) do
    first, last = math.min(first, hold.ends_tick), math.max(last, hold.ends_tick)
    whom[#whom + 1] = index <= 20 and hold or nil
  end
  P.shared.waiting =
    { whom = whom, more = #held - #whom, resume = resume, since_tick = since_tick, ends_tick = last }
  P:after(math.max(0, first - room.tick) * room.tick_s, "limit")
end

local function stop_waiting(room, why)
  P.shared.waiting = nil
  P:cancel("limit")
  for viewer in pairs(holds) do
    release(room, viewer)
  end
  if #left_behind > 0 then
    P:emit("went_on_without", { names = left_behind, why = why })
    left_behind = {}
  end
end

local function pass_over(room, viewer)
  local row = room:viewer(viewer)
  passed_over[viewer] = true
  release(room, viewer)
  if row and #left_behind < 20 then
    left_behind[#left_behind + 1] = row.name
  end
end

-- Something has changed for somebody: who is waited for now, and does it still take waiting?
local function update(room)
  local waiting = P.shared.waiting
  if not waiting then
    return
  end
  local held = find_held(room, 0) -- the film stands still anyway: no patience is needed
  if #held > 0 then
    return tell(room, held, waiting.resume, waiting.since_tick)
  end
  stop_waiting(room, "timeout")
  if waiting.resume then
    room:play()
  end
end

P:on_timer("limit", function(room)
  for viewer, hold in pairs(holds) do
    if hold.ends_tick <= room.tick then
      pass_over(room, viewer)
    end
  end
  update(room)
end)

local function be_patient(room)
  if next(trouble) and room.playing and not P.shared.waiting and not P:due_in("patience") then
    P:after(P.settings.patience_s, "patience")
  end
end

P:on_timer("patience", function(room)
  if P.shared.waiting or not room.playing then
    return
  end
  local patience = ticks(room, P.settings.patience_s)
  if #find_held(room, patience) > 0 then
    tell(room, find_held(room, 0), true, room.tick) -- now that it stops, for everyone
    return room:pause()
  end
  -- The one whose stall we timed has recovered; another's may have begun meanwhile.
  local next_s
  for viewer, since in pairs(trouble) do
    local left = since + patience - room.tick
    local row = room:viewer(viewer)
    if left > 0 and row and reason_for(room, row) then
      next_s = math.min(next_s or left * room.tick_s, left * room.tick_s)
    end
  end
  if next_s then
    P:after(next_s, "patience")
  end
end)

-- Looks at how a viewer does now.
local function look(room, viewer)
  local row = room:viewer(viewer)
  if row and (not row.connected or row.stalled or row.blocked) then
    trouble[viewer] = trouble[viewer] or room.tick
  else
    trouble[viewer] = nil
    passed_over[viewer] = nil
    release(room, viewer)
    if row then
      joining[viewer] = nil
    end
  end
end

---- What people press -----------------------------------------------------------------------------------------------

P:decide("playback.play", function(room, ask)
  local waiting = P.shared.waiting
  if not ask.viewer or room.playing or (waiting and waiting.resume) then
    return -- the second play goes through: see "played"
  end
  local held = find_held(room, 0)
  if #held == 0 then
    return
  end
  tell(room, held, true, waiting and waiting.since_tick or room.tick)
  local whom = #held == 1 and held[1].name or #held .. " viewers"
  local viewers = {}
  for index, hold in ipairs(P.shared.waiting.whom) do
    viewers[index] = hold.viewer
  end
  return P.deny("waiting", "waiting for " .. whom .. "; press play again to start anyway", { viewers = viewers })
end)

-- Told here, not by the event: the room stands still already, so that nothing happens.
P:decide("playback.pause", function(_, ask)
  local waiting = P.shared.waiting
  if waiting and waiting.resume and ask.plugin ~= P.name then
    waiting.resume = false
    P.shared.waiting = waiting
  end
end)

---- Ready checks ----------------------------------------------------------------------------------------------------

-- How many are asked, and how many of them are ready.
local function count(room)
  local asked, ready = 0, 0
  for _, row in ipairs(room:viewers(nil, 1000)) do
    if row.connected and not row.away then
      asked = asked + 1
      ready = ready + (P.shared.ready[row.id] and 1 or 0)
    end
  end
  return asked, ready
end

local function end_check(room, result)
  local asked, ready = count(room)
  P.shared.check = nil
  P.shared.ready = {}
  P:cancel("check")
  P:emit("check_ended", { result = result, ready = ready, asked = asked })
end

-- Once a tick, however many answer in it: it looks through the whole room.
local function update_check()
  if P.shared.check and not P:due_in("count") then
    P:after(0, "count")
  end
end

P:on_timer("count", function(room)
  local check = P.shared.check
  if not check then
    return
  end
  local asked, ready = count(room)
  check.asked = asked
  check.needed = math.max(1, math.ceil(asked * P.settings.check_share - 0.000001))
  if ready >= check.needed then
    end_check(room, "ready")
    room:play()
  else
    P.shared.check = check
  end
end)

P:command("check", function(room, call)
  if P.shared.check then
    return P.deny("running", "a ready check is running already")
  end
  if not room.media then
    return P.deny("no_media", "nothing is loaded")
  end
  if room:viewer_count() > 1000 then
    return P.deny("too_many", "a ready check asks up to 1,000 viewers")
  end
  if room.playing then
    room:pause()
  end
  local timeout_s = call.args.timeout_s or P.settings.check_timeout_s
  local row = call.viewer and room:viewer(call.viewer)
  P.shared.ready = {}
  P.shared.check = {
    by = row and row.id,
    by_name = row and row.name or "",
    since_tick = room.tick,
    ends_tick = room.tick + ticks(room, timeout_s),
    asked = 0,
    needed = 1,
  }
  P:after(timeout_s, "check")
  if row then
    P.shared.ready[row.id] = true -- who asks is ready
  end
  update_check()
end)

P:command("answer", function(_, call)
  if not P.shared.check then
    return P.deny("no_check", "no ready check is running")
  end
  if not call.viewer then
    return P.deny("nobody", "only viewers are asked")
  end
  P.shared.ready[call.viewer] = call.args.ready or nil
  update_check()
end)

P:command("stop_check", function(room)
  if not P.shared.check then
    return P.deny("no_check", "no ready check is running")
  end
  end_check(room, "stopped")
end)

P:on_timer("check", function(room)
  if P.shared.check then
    end_check(room, "timeout")
  end
end)

P:command("excuse", function(room, call)
  if not call.viewer then
    return P.deny("nobody", "only viewers are waited for")
  end
  if call.args.on and #P.shared.excused == 1000 then
    return P.deny("full", "1,000 viewers are excused already")
  end
  P.shared.excused[call.viewer] = call.args.on or nil
  update(room)
  be_patient(room)
end)

---- What happens ----------------------------------------------------------------------------------------------------

local function changed(room, event)
  if room:viewer_count() <= limit_max then
    look(room, event.viewer)
  end
  update(room)
  be_patient(room)
  update_check()
end

P:on("condition", changed)
P:on("lost", changed)
P:on("returned", changed)

P:on("join", function(room, event)
  if room.playing and room:viewer_count() <= limit_max then
    joining[event.viewer] = room.tick
  end
  update(room) -- more are here now than some limit may allow
  update_check()
end)

-- In a room with more viewers than any limit nobody is looked at; one that shrinks is looked through.
local function look_through(room)
  for _, row in ipairs(room:viewers(nil, limit_max)) do
    look(room, row.id)
  end
end

P:on("leave", function(room, event)
  look(room, event.viewer)
  joining[event.viewer] = nil
  P.saved.budgets[event.viewer] = nil
  P.shared.excused[event.viewer] = nil
  P.shared.ready[event.viewer] = nil
  if room:viewer_count() == limit_max then
    look_through(room)
  end
  update(room)
  be_patient(room)
  update_check()
end)

P:on("played", function(room, event)
  if P.shared.waiting and event.plugin ~= P.name then
    for viewer in pairs(trouble) do
      pass_over(room, viewer)
    end
    stop_waiting(room, "forced")
  end
  if P.shared.check and event.plugin ~= P.name then
    end_check(room, "stopped")
  end
  be_patient(room)
end)

P:on("loaded", function(room)
  passed_over, left_behind = {}, {}
  stop_waiting(room, "forced")
  if P.shared.check then
    end_check(room, "stopped")
  end
  be_patient(room)
end)

P:on("sought", be_patient)

P:on("started", function(room)
  if limit_max > 0 and room:viewer_count() <= limit_max then
    look_through(room)
  end
  local check = P.shared.check
  if check and not P:due_in("check") then
    P:after(math.max(0, check.ends_tick - room.tick) * room.tick_s, "check")
  end
  if room.playing then
    P.shared.waiting = nil -- somebody started it while we could not be asked
  end
  update(room)
  be_patient(room)
end)
