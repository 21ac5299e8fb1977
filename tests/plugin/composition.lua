-- Several plugins in one room: who is asked first, what each does while another is suspended, and that nothing viewers do
-- makes any of them fail. Written like a plugin's test.lua (plugins/README.md, "Testing"); run by composition_test.cpp.
local T = ...

---- One room with host_control, vote, ready and queue ----------------------------------------------------------------

local durations_s = { ["/media/film.mp4"] = 60, ["/media/a.mp4"] = 60, ["/media/b.mp4"] = 60 }

-- The host, two guests, and two films that wait.
local function cinema(mode)
  local r = T.room({
    plugins = {
      host_control = { mode = mode, grace_s = 10 },
      vote = { share = 0.6 },
      ready = { stalled_timeout_s = 20 },
      queue = { gap_s = 2 },
    },
    media = { url = "/media/film.mp4", duration_s = 60 },
    durations_s = durations_s,
  })
  local ann, bob, zoe = r:join({ name = "Ann" }), r:join({ name = "Bob" }), r:join({ name = "Zoe" })
  bob:command("queue", "add", { url = "/media/a.mp4", title = "a" })
  bob:command("queue", "add", { url = "/media/b.mp4", title = "b" })
  return r, ann, bob, zoe
end

local function motion_of(r)
  return (next(r.shared.vote.motions))
end

T.test("together: guests cannot skip, but they can vote to, and the queue goes on", function()
  local r, ann, bob, zoe = cinema("host")
  T.ok(ann:play())
  T.refused(bob:command("queue", "next", {}), "permission")
  T.ok(bob:command("vote", "start", { action = "skip" }))
  T.eq(r.media.url, "/media/film.mp4")
  T.ok(zoe:command("vote", "cast", { motion = motion_of(r), yes = true }))
  T.eq(r.media.title, "a")
  T.eq(r.playing, true)
end)

T.test("together: the room waits for a guest whom the host cannot keep waiting, and a guest cannot force it", function()
  local r, ann, bob, zoe = cinema("host")
  T.refused(bob:play(), "permission")
  bob:condition({ stalled = true })
  T.refused(ann:play(), "waiting")
  T.refused(zoe:play(), "permission")
  T.eq(r.playing, false)
  T.ok(ann:play())
  T.eq(r.playing, true)
end)

T.test("together: a play that is voted for goes on without those who stall", function()
  local r, ann, bob, zoe = cinema("vote")
  bob:condition({ stalled = true })
  T.refused(ann:play(), "put_to_vote")
  T.eq(r.shared.ready.waiting, nil, "what only was proposed is no intent")
  zoe:command("vote", "cast", { motion = motion_of(r), yes = true })
  T.eq(r.playing, true)
end)

T.test("together: the next film starts by itself and waits until everyone has it", function()
  local r, ann, bob = cinema("host")
  ann:play()
  r:run(63)
  T.eq(r.media.title, "a")
  ann:condition({ stalled = true })
  bob:condition({ stalled = true })
  r:run(2)
  T.eq(r.playing, false)
  T.eq(#r.shared.ready.waiting.whom, 2)
  ann:condition({ stalled = false })
  bob:condition({ stalled = false })
  T.eq(r.playing, true)
end)

T.test("together: a host who leaves while the room waits does not keep it from going on", function()
  local r, ann, bob, zoe = cinema("host")
  ann:play()
  bob:condition({ stalled = true })
  r:run(1)
  T.eq(r.playing, false)
  ann:leave()
  bob:condition({ stalled = false })
  T.eq(r.playing, true)
  r:run(11)
  T.eq(r.shared.host_control.host, bob.id)
  T.ok(bob:pause())
  T.refused(zoe:play(), "permission")
end)

T.test("together, without host_control: the room stays as strict as it was, and everything else goes on", function()
  local r, ann, bob, zoe = cinema("host")
  ann:play()
  r:suspend("host_control")
  T.refused(bob:pause(), "permission")
  T.ok(ann:pause())
  T.ok(bob:command("vote", "start", { action = "skip" }))
  T.ok(zoe:command("vote", "cast", { motion = motion_of(r), yes = true }))
  T.eq(r.media.title, "a")
  r:run(45)
  T.eq(r.shared.host_control.host, ann.id)
  T.ok(ann:pause())
  T.refused(bob:play(), "permission")
  r:errors()
end)

T.test("together, without vote: buttons in a room of votes are the host's, and the queue goes on", function()
  local r, ann, bob = cinema("vote")
  r:suspend("vote")
  T.refused(bob:play(), "permission")
  T.ok(ann:play())
  T.refused(bob:command("vote", "start", { action = "skip" }))
  r:run(63)
  T.eq(r.media.title, "a")
  T.refused(bob:pause(), "put_to_vote")
  r:errors()
end)

T.test("together, without ready: nobody is waited for, and the host controls", function()
  local r, ann, bob = cinema("host")
  r:suspend("ready")
  bob:condition({ stalled = true })
  T.ok(ann:play())
  T.refused(bob:pause(), "permission")
  r:run(5)
  T.eq(r.playing, true)
  r:run(35)
  T.eq(r.playing, false, "back again, ready sees who stalls")
  T.eq(r.shared.ready.waiting.whom[1].name, "Bob")
  r:errors()
end)

T.test("together, without queue: a vote to skip ends the film, and what waits is kept", function()
  local r, ann, bob, zoe = cinema("host")
  ann:play()
  r:suspend("queue")
  T.refused(bob:command("queue", "add", { url = "/media/c.mp4" }))
  bob:command("vote", "start", { action = "skip" })
  zoe:command("vote", "cast", { motion = motion_of(r), yes = true })
  r:ticks(2)
  T.eq(r.position_s, 60)
  T.eq(r.playing, false)
  r:run(40)
  T.eq(#r.shared.queue.items, 2)
  T.ok(ann:command("queue", "next", {}))
  T.eq(r.media.title, "a")
  r:errors()
end)

---- All ten, and whatever viewers do ---------------------------------------------------------------------------------

local names = { "roles", "host_control", "chat", "reactions", "cursors", "queue", "ready", "vote", "presence", "schedule" }

-- A small generator of our own: the same seed gives the same run, and a failure names it.
local function dice(seed)
  local state = seed
  return function(count)
    state = (state * 1103515245 + 12345) % 2147483648
    return state // 65536 % count + 1
  end
end

local function random_action(r, roll, viewers, ids)
  local viewer = viewers[roll(#viewers)]
  local other = viewers[roll(#viewers)].id
  local id = ids[roll(#ids)]
  local yes = roll(2) == 1
  local url = "/media/" .. roll(4) .. ".mp4"
  local urls = { url, url, "nonsense", "//evil", "https://example.org/" .. ("x"):rep(roll(1900)) }
  local permissions = { "chat.say", "playback", "queue.add", "roles.kick", "vote.start", "nothing.known" }
  local whos = { "anyone", "member", "host", "moderator", "owner" }
  local commands = {
    { "roles", "grant", { viewer = other, role = ({ "owner", "moderator", "member" })[roll(3)] } },
    { "roles", "revoke", { viewer = other, role = ({ "owner", "moderator", "member" })[roll(3)] } },
    { "roles", "mute", { viewer = other, seconds = roll(20) } },
    { "roles", "unmute", { viewer = other } },
    { "roles", "unban", { ban = id } },
    { "roles", "permit", { permission = permissions[roll(6)], who = whos[roll(5)] } },
    { "host_control", "hand_over", { viewer = other } },
    { "host_control", "take", {} },
    { "host_control", "cohost", { viewer = other, on = yes } },
    { "host_control", "set_mode", { mode = ({ "anyone", "host", "vote" })[roll(3)] } },
    { "chat", "say", { text = ("words "):rep(roll(80)), reply_to = yes and id or nil, mentions = { other, id } } },
    { "chat", "edit", { line = id, text = "other words" } },
    { "chat", "delete", { line = id } },
    { "chat", "set_slow", { seconds = roll(3) - 1 } },
    { "chat", "clear", {} },
    { "queue", "add", { url = urls[roll(5)], title = "a film", next = yes } },
    { "queue", "remove", { item = id } },
    { "queue", "move", { item = id, position = roll(10) } },
    { "queue", "shuffle", {} },
    { "queue", "clear", {} },
    { "queue", "play", { item = id } },
    { "queue", "next", {} },
    { "queue", "vote", { item = id, on = yes } },
    { "queue", "set", { loop = ({ "off", "one", "all" })[roll(3)], order = yes and "votes" or "manual", gap_s = roll(3) - 1 } },
    { "ready", "check", {} },
    { "ready", "answer", { ready = yes } },
    { "ready", "stop_check", {} },
    { "ready", "excuse", { on = yes } },
    { "vote", "start", { action = ({ "ask", "skip", "play", "pause", "seek", "rate", "load" })[roll(7)],
      question = "Why?", position_s = roll(100), rate = 1.5, url = urls[roll(5)] } },
    { "vote", "cast", { motion = id, yes = yes } },
    { "vote", "withdraw", { motion = id } },
    { "vote", "poll", { question = "Which?", options = { "A", "B", "C" }, seconds = yes and 10 or nil } },
    { "vote", "answer", { poll = id, option = roll(4) } },
    { "vote", "close", { poll = id } },
    { "vote", "mine", {} },
    { "presence", "away", { on = yes } },
    { "presence", "page", { after = id, limit = roll(100) } },
    { "schedule", "set", { in_s = roll(20), url = yes and urls[roll(5)] or nil, locked = roll(2) == 1 } },
    { "schedule", "cancel", {} },
    { "schedule", "start_now", {} },
  }
  local actions = {
    function() viewer:play() end,
    function() viewer:pause() end,
    function() viewer:seek(roll(40)) end,
    function() viewer:set_rate(1 + roll(10) / 10) end,
    function() viewer:load({ url = url, duration_s = 20, play = yes }) end,
    function() viewer:condition({ stalled = yes, away = roll(3) == 1, blocked = roll(5) == 1 }) end,
    function() viewer:signal("chat", "typing", { on = yes }) end,
    function() viewer:signal("reactions", "react", { emoji = "👍", x = 0.5, y = 0.5 }) end,
    function() viewer:signal("cursors", "point", { x = 0.5, y = roll(100) / 100 }) end,
    function() viewer:signal("cursors", "hide", {}) end,
    function() viewer:rename("another name " .. id) end,
    function() r:run(roll(100) / 20) end,
  }
  local pick = roll(#commands + 2 * #actions)
  if pick <= #commands then
    local made = viewer:command(table.unpack(commands[pick])).data
    local new_id = made and (made.line or made.item or made.motion or made.poll)
    if new_id then
      ids[#ids % 6 + 1] = new_id -- the next actions are about what is there
    end
  else
    actions[(pick - #commands - 1) % #actions + 1]()
  end
end

-- Somebody comes, goes, is cut off or comes back.
local function change_viewers(r, roll, viewers, lost)
  local turn = roll(4)
  if turn == 1 or #viewers < 3 then
    viewers[#viewers + 1] = r:join({ name = "viewer", roles = roll(4) == 1 and { "owner" } or nil })
  elseif turn == 2 then
    table.remove(viewers, roll(#viewers)):leave()
  elseif turn == 3 then
    local viewer = table.remove(viewers, roll(#viewers))
    viewer:lose()
    lost[#lost + 1] = viewer
  elseif #lost > 0 then
    local viewer = table.remove(lost, 1)
    viewer:return_()
    viewers[#viewers + 1] = viewer
  end
end

local function problems_of(r)
  local problems = {}
  for _, problem in ipairs(r:errors()) do
    if not problem.message:find("it was asked for") then -- our own suspension is told too
      problems[#problems + 1] = problem.message
    end
  end
  return table.concat(problems, "; ")
end

-- `rough`: plugins are suspended and reloaded meanwhile.
local function whatever_viewers_do(seed, rough)
  local roll = dice(seed)
  local plugins = {}
  for _, name in ipairs(names) do
    plugins[name] = {}
  end
  plugins.roles = { owner_if_none = "longest_present" }
  plugins.host_control = { mode = ({ "anyone", "host", "vote" })[roll(3)] }
  local r = T.room({ plugins = plugins, media = { duration_s = 20 }, wall_s = 1800000000, seed = seed })
  local everyone_owns = roll(2) == 1
  local viewers, lost, ids = {}, {}, { 1, 2, 3, 4, 5, 6 }
  for _ = 1, 5 do
    viewers[#viewers + 1] = r:join({ name = "viewer", roles = everyone_owns and { "owner" } or nil })
  end
  for step = 1, 400 do
    local turn = roll(60)
    if turn <= 4 then
      change_viewers(r, roll, viewers, lost)
    elseif turn == 5 and rough then
      r:suspend(names[roll(#names)])
    elseif turn == 6 and rough then
      T.ok(r:reload({}))
    else
      random_action(r, roll, viewers, ids)
    end
    T.eq(problems_of(r), "", "step " .. step)
  end
end

for seed = 1, 4 do
  T.test("all ten: no plugin fails, whatever viewers do (seed " .. seed .. ")", function()
    whatever_viewers_do(seed, false)
  end)
  T.test("all ten: nor while plugins are suspended and reloaded (seed " .. seed .. ")", function()
    whatever_viewers_do(seed, true)
  end)
end
