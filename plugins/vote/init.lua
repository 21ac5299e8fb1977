local P = ...

---- Ballots ---------------------------------------------------------------------------------------------------------

-- Who chose what: for each question texts of 256 viewers, a character a viewer ("0" + option; "0" itself: nothing). Viewer
-- ids are small and grow by one, so that ten thousand ballots fit into ten kilobytes.
local per_text = 256
local none = "0"
local yes, no = 1, 2 -- the options of a motion

local function place_of(question, viewer)
  return question .. "/" .. viewer // per_text, viewer % per_text + 1
end

local function choice_of(question, viewer)
  local key, at = place_of(question, viewer)
  local text = P.saved.ballots[key]
  local option = text and #text >= at and text:byte(at) - none:byte() or 0
  return option > 0 and option or nil
end

local function choose(question, viewer, option)
  local key, at = place_of(question, viewer)
  local text = P.saved.ballots[key] or ""
  text = text .. none:rep(at - #text)
  P.saved.ballots[key] = text:sub(1, at - 1) .. string.char(none:byte() + (option or 0)) .. text:sub(at + 1)
end

local function burn_ballots(question)
  local start = question .. "/"
  for key in pairs(P.saved.ballots) do
    if key:sub(1, #start) == start then
      P.saved.ballots[key] = nil
    end
  end
end

---- Time ------------------------------------------------------------------------------------------------------------

local function tick_in(room, seconds)
  return room.tick + math.floor(seconds / room.tick_s + 0.5)
end

-- One timer, for whatever ends first.
local function expect_end(room)
  local first
  for _, motion in pairs(P.shared.motions) do
    first = math.min(first or motion.ends_tick, motion.ends_tick)
  end
  for _, poll in pairs(P.shared.polls) do
    if poll.open and poll.ends_tick then
      first = math.min(first or poll.ends_tick, poll.ends_tick)
    end
  end
  if first then
    P:after(math.max(0, first - room.tick) * room.tick_s, "end")
  else
    P:cancel("end")
  end
end

---- Motions ---------------------------------------------------------------------------------------------------------

-- The viewers whose share counts. Who is here and not away is for `presence` to say; without it everyone here counts.
local function active_count(room)
  local presence = P:read("presence")
  local counts = presence and presence.counts
  return counts and counts.active or room:viewer_count()
end

local carry_out = {
  ask = function() end,
  play = function(room)
    room:play()
  end,
  pause = function(room)
    room:pause()
  end,
  seek = function(room, motion)
    room:seek(motion.position_s)
  end,
  rate = function(room, motion)
    room:set_rate(motion.rate)
  end,
  load = function(room, motion)
    room:load({ url = motion.url, kind = motion.kind or "file", title = motion.title or "", play = true })
  end,
  skip = function(room)
    local media = room.media
    if P:read("queue") then
      room:command("queue", "next", {})
    elseif media and media.duration_s and media.duration_s > 0 then
      room:seek(media.duration_s)
    end
  end,
}

-- What a motion is about, so that the same cannot be put twice.
local function subject_of(motion)
  return motion.action == "ask" and "ask " .. motion.question:sub(1, 80) or motion.action
end

local function finish(room, id, motion, passed)
  P.shared.motions[id] = nil
  burn_ballots(id)
  P:emit("decided", {
    motion = id,
    action = motion.action,
    question = motion.question,
    passed = passed,
    yes = motion.yes,
    no = motion.no,
    needed = motion.needed,
  })
  if passed then
    carry_out[motion.action](room, motion)
  elseif P.settings.again_s > 0 then
    if #P.saved.again >= 50 then
      P.saved.again = {} -- so many at once: a little less patience is asked of everyone
    end
    P.saved.again[subject_of(motion)] = room.time_s + P.settings.again_s
  end
end

-- Decides a motion if it can be decided; keeps its new counts if not.
local function settle(room, id, motion)
  local active = active_count(room)
  motion.needed = math.max(1, math.ceil(active * P.settings.share - 0.000001))
  if motion.yes >= motion.needed then
    finish(room, id, motion, true)
  elseif motion.ends_tick <= room.tick or motion.no > math.max(active, motion.yes + motion.no) - motion.needed then
    finish(room, id, motion, false)
  else
    P.shared.motions[id] = motion
  end
end

local function settle_all(room)
  for id, motion in pairs(P.shared.motions) do
    settle(room, id, motion)
  end
end

local function count(motion, option, by)
  if option == yes then
    motion.yes = motion.yes + by
  elseif option == no then
    motion.no = motion.no + by
  end
end

local function cast(room, id, motion, viewer, option)
  count(motion, choice_of(id, viewer), -1)
  count(motion, option, 1)
  choose(id, viewer, option)
  settle(room, id, motion)
end

local function find_same(subject)
  for id, motion in pairs(P.shared.motions) do
    if subject_of(motion) == subject then
      return id, motion
    end
  end
end

-- What a motion says besides what is to be done; it cannot do without the first.
local target_of = {
  seek = { "position_s" },
  rate = { "rate" },
  load = { "url", "kind", "title" },
}
local needs_media = { skip = true, play = true, pause = true, seek = true }

-- Why such a motion cannot be put.
local function refusal_of(room, args)
  local target = target_of[args.action]
  if args.action == "ask" and (args.question or "") == "" then
    return P.deny("no_question", "what is the question?")
  elseif target and args[target[1]] == nil then
    return P.deny("no_target", "a motion to " .. args.action .. " says its " .. target[1])
  elseif needs_media[args.action] and not room.media then
    return P.deny("no_media", "nothing is loaded")
  end
end

local function set_target(motion, from)
  for _, name in ipairs(target_of[motion.action] or {}) do
    motion[name] = from[name]
  end
end

-- Puts a motion for a viewer (or for nobody): its id, or nil and why not.
local function put(room, args, row)
  local denial = refusal_of(room, args)
  if denial then
    return nil, denial
  end
  local subject = subject_of({ action = args.action, question = args.question or "" })
  local id, motion = find_same(subject)
  if motion then
    -- Whoever is still alone with a wish may change it, as when scrubbing; another's is a yes to what is put already.
    if row and motion.by == row.id and motion.yes + motion.no == 1 then
      set_target(motion, args)
      P.shared.motions[id] = motion
    elseif row then
      cast(room, id, motion, row.id, yes)
    end
    return id
  end

  local again_s = P.saved.again[subject]
  if again_s and again_s > room.time_s then
    local retry_ms = math.ceil((again_s - room.time_s) * 1000)
    return nil, P.deny("too_soon", "this was voted down a moment ago", { retry_ms = retry_ms })
  end
  if #P.shared.motions >= P.settings.motions_max then
    return nil, P.deny("full", "there are " .. P.settings.motions_max .. " votes running already")
  end
  P.saved.again[subject] = nil
  P.saved.last_id:add(1)
  id = P.saved.last_id:get()
  motion = {
    action = args.action,
    question = args.question or "",
    by = row and row.id,
    by_name = row and row.name or "",
    yes = 0,
    no = 0,
    needed = 1,
    since_tick = room.tick,
    ends_tick = tick_in(room, P.settings.motion_s),
  }
  set_target(motion, args)
  if row then
    cast(room, id, motion, row.id, yes)
  else
    settle(room, id, motion)
  end
  expect_end(room)
  return id
end

P:command("start", function(room, call)
  local author = call.viewer or call.args.viewer -- a plugin says for whom it asks
  local id, denial = put(room, call.args, author and room:viewer(author))
  return denial or { motion = id }
end)

-- Where the remote is the vote of all, a button asks the others. While host_control cannot be read, it is what it was.
local function control_mode()
  local control = P:read("host_control")
  if control and control.mode ~= P.saved.control_mode then
    P.saved.control_mode = control.mode
  end
  return P.saved.control_mode
end

P:decide("playback", function(room, ask)
  if control_mode() ~= "vote" or not ask.viewer then
    return
  end
  local wish = { action = ask.action }
  set_target(wish, ask)
  local _, denial = put(room, wish, room:viewer(ask.viewer))
  return denial or P.deny("put_to_vote", "the others are asked", { action = ask.action })
end)

local function over()
  return P.deny("over", "this vote is over")
end

P:command("cast", function(room, call)
  local motion = P.shared.motions[call.args.motion]
  if not motion then
    return over()
  end
  if not call.viewer then
    return P.deny("nobody", "only viewers vote")
  end
  cast(room, call.args.motion, motion, call.viewer, call.args.yes and yes or no)
end)

-- One's own, or any for whoever may end what others put.
local function refusal_to_end(room, call, by)
  if call.viewer and call.viewer ~= by then
    local may, reason = room:may(call.viewer, "vote.moderate")
    return not may and P.deny("not_yours", "somebody else put this: " .. reason) or nil
  end
end

P:command("withdraw", function(room, call)
  local motion = P.shared.motions[call.args.motion]
  if not motion then
    return over()
  end
  local denial = refusal_to_end(room, call, motion.by)
  if denial then
    return denial
  end
  P.shared.motions[call.args.motion] = nil
  burn_ballots(call.args.motion)
  expect_end(room)
end)

---- Polls -----------------------------------------------------------------------------------------------------------

local function close(id, poll)
  poll.open = false
  poll.ends_tick = nil
  P.shared.polls[id] = poll
  burn_ballots(id)
end

-- Lets go of the oldest closed poll if there is no room for another. False: all of them are open.
local function make_room()
  if #P.shared.polls < P.settings.polls_max then
    return true
  end
  for id, poll in pairs(P.shared.polls) do
    if not poll.open then
      P.shared.polls[id] = nil
      return true
    end
  end
  return false
end

local function are_distinct(options)
  local seen = {}
  for _, option in ipairs(options) do
    if seen[option] then
      return false
    end
    seen[option] = true
  end
  return true
end

P:command("poll", function(room, call)
  local args = call.args
  if #args.options < 2 or not are_distinct(args.options) then
    return P.deny("options", "a poll has two options or more, each once")
  end
  if not make_room() then
    return P.deny("full", "there are " .. P.settings.polls_max .. " polls running already")
  end
  local row = call.viewer and room:viewer(call.viewer)
  local counts = {}
  for option = 1, #args.options do
    counts[option] = 0
  end
  P.saved.last_id:add(1)
  local id = P.saved.last_id:get()
  P.shared.polls[id] = {
    question = args.question,
    options = args.options,
    counts = counts,
    by = row and row.id,
    by_name = row and row.name or "",
    since_tick = room.tick,
    ends_tick = args.seconds and tick_in(room, args.seconds),
    open = true,
  }
  expect_end(room)
  return { poll = id }
end)

P:command("answer", function(_, call)
  local id, option = call.args.poll, call.args.option
  local poll = P.shared.polls[id]
  if not poll or not poll.open then
    return P.deny("over", "this poll is over")
  end
  if not poll.options[option] then
    return P.deny("no_option", "this poll has " .. #poll.options .. " options")
  end
  if not call.viewer then
    return P.deny("nobody", "only viewers vote")
  end
  local before = choice_of(id, call.viewer)
  if before then
    poll.counts[before] = poll.counts[before] - 1
  end
  poll.counts[option] = poll.counts[option] + 1
  choose(id, call.viewer, option)
  P.shared.polls[id] = poll
end)

P:command("close", function(room, call)
  local poll = P.shared.polls[call.args.poll]
  if not poll or not poll.open then
    return P.deny("over", "this poll is over")
  end
  local denial = refusal_to_end(room, call, poll.by)
  if denial then
    return denial
  end
  close(call.args.poll, poll)
  expect_end(room)
end)

---- What changes meanwhile ------------------------------------------------------------------------------------------

P:command("mine", function(_, call)
  local choices = {}
  for _, questions in ipairs({ P.shared.motions, P.shared.polls }) do
    for id in pairs(questions) do
      choices[tostring(id)] = call.viewer and choice_of(id, call.viewer)
    end
  end
  return { choices = choices }
end)

P:on_timer("end", function(room)
  settle_all(room)
  for id, poll in pairs(P.shared.polls) do
    if poll.open and poll.ends_tick and poll.ends_tick <= room.tick then
      close(id, poll)
    end
  end
  expect_end(room)
end)

P:on("leave", function(room, event)
  for id, motion in pairs(P.shared.motions) do
    count(motion, choice_of(id, event.viewer), -1)
    choose(id, event.viewer, nil)
    settle(room, id, motion)
  end
end)

-- Whenever somebody comes, goes or looks away, a motion may need fewer or more.
for _, event in ipairs({ "join", "lost", "returned", "condition" }) do
  P:on(event, settle_all)
end

-- What was put about one film does not hold for the next.
P:on("loaded", function(room)
  for id, motion in pairs(P.shared.motions) do
    if motion.action ~= "ask" and motion.action ~= "load" then
      P.shared.motions[id] = nil
      burn_ballots(id)
    end
  end
  expect_end(room)
end)

P:on("started", function(room)
  room:permit("vote.moderate", { roles = { "moderator", "owner" }, reason = "only moderators" })
  settle_all(room)
  expect_end(room)
end)
