local T = ...

local function room(settings, others)
  local plugins = { vote = settings or {} }
  for name, theirs in pairs(others or {}) do
    plugins[name] = theirs
  end
  local r = T.room({ plugins = plugins, media = { duration_s = 600 } })
  local viewers = {}
  for index, name in ipairs({ "Ann", "Bob", "Zoe", "Eve" }) do
    viewers[index] = r:join({ name = name })
  end
  return r, table.unpack(viewers)
end

local function start(viewer, action, more)
  local args = more or {}
  args.action = action
  local reply = viewer:command("vote", "start", args)
  return reply.data and reply.data.motion, reply
end

local function cast(viewer, motion, yes)
  return viewer:command("vote", "cast", { motion = motion, yes = yes })
end

local function decided(r)
  local list = {}
  for index, event in ipairs(r:events("vote")) do
    list[index] = event.data
  end
  return list
end

T.test("a motion has its author's yes and tells how many it needs", function()
  local r, ann = room()
  local id = start(ann, "ask", { question = "Pizza?" })
  local motion = r.shared.vote.motions[id]
  T.eq({ motion.yes, motion.no, motion.needed }, { 1, 0, 2 })
  T.eq(motion.question, "Pizza?")
  T.eq(motion.by_name, "Ann")
end)

T.test("enough yes carry it, and what was asked for is done", function()
  local r, ann, bob = room()
  local id = start(ann, "seek", { position_s = 100 })
  T.eq(r.position_s, 0)
  T.ok(cast(bob, id, true))
  T.eq(r.position_s, 100)
  T.eq(r.shared.vote.motions, {})
  local event = decided(r)[1]
  T.eq({ event.passed, event.yes, event.no, event.needed }, { true, 2, 0, 2 })
  T.refused(cast(bob, id, true), "over")
end)

T.test("play, pause, rate and load are voted for in the same way", function()
  local r, ann, bob = room()
  cast(bob, start(ann, "play"), true)
  T.eq(r.playing, true)
  cast(bob, start(ann, "pause"), true)
  T.eq(r.playing, false)
  cast(bob, start(ann, "rate", { rate = 1.5 }), true)
  T.eq(r.rate, 1.5)
  cast(bob, start(ann, "load", { url = "/media/b.mp4", title = "B" }), true)
  T.eq(r.media.url, "/media/b.mp4")
  T.eq(r.media.title, "B")
end)

T.test("a skip without a queue ends the film", function()
  local r, ann, bob = room()
  ann:play()
  cast(bob, start(ann, "skip"), true)
  r:ticks(2)
  T.eq(r.position_s, 600)
  T.eq(r.playing, false)
end)

T.test("a skip with a queue goes on to its next", function()
  local r, ann, bob = room({}, { queue = {} })
  ann:command("queue", "add", { url = "/media/next.mp4" })
  cast(bob, start(ann, "skip"), true)
  T.eq(r.media.url, "/media/next.mp4")
end)

T.test("who says no cannot be outvoted by silence, and many no end it at once", function()
  local r, ann, bob, zoe, eve = room()
  local id = start(ann, "ask", { question = "Pizza?" })
  cast(bob, id, false)
  cast(zoe, id, false)
  T.ok(r.shared.vote.motions[id], "it can still be carried")
  cast(eve, id, false)
  T.eq(r.shared.vote.motions[id], nil)
  T.eq(decided(r)[1].passed, false)
end)

T.test("a choice can be changed while the motion is open", function()
  local r, ann, bob = room({ share = 0.75 })
  local id = start(ann, "ask", { question = "Pizza?" })
  cast(bob, id, true)
  cast(bob, id, true)
  T.eq(r.shared.vote.motions[id].yes, 2)
  cast(bob, id, false)
  T.eq({ r.shared.vote.motions[id].yes, r.shared.vote.motions[id].no }, { 1, 1 })
end)

T.test("a motion that nobody answers is over after its time, and cannot be put again at once", function()
  local r, ann, bob = room({ motion_s = 10, again_s = 20 })
  start(ann, "skip")
  r:run(11)
  T.eq(decided(r)[1].passed, false)
  local _, reply = start(bob, "skip")
  T.refused(reply, "too_soon")
  T.ok(reply.data.retry_ms > 15000 and reply.data.retry_ms <= 20000)
  T.ok(start(bob, "pause"), "something else can")
  r:run(20)
  T.ok(start(bob, "skip"))
end)

T.test("whoever asks for what is asked already says yes to it", function()
  local r, ann, bob, zoe = room({ share = 0.75 })
  local id = start(ann, "skip")
  T.eq(start(bob, "skip"), id)
  T.eq(r.shared.vote.motions[id].yes, 2)
  start(zoe, "skip")
  T.eq(decided(r)[1].passed, true)
end)

T.test("an author still alone with a wish changes it", function()
  local r, ann, bob = room()
  local id = start(ann, "seek", { position_s = 100 })
  T.eq(start(ann, "seek", { position_s = 200 }), id)
  T.eq(r.shared.vote.motions[id].position_s, 200)
  cast(bob, id, true)
  T.eq(r.position_s, 200)
end)

T.test("those who are away do not count", function()
  local r, ann, bob, zoe = room({}, { presence = { away_after_s = 0 } })
  local id = start(ann, "skip")
  T.eq(r.shared.vote.motions[id].needed, 2)
  bob:condition({ away = true })
  zoe:lose()
  T.eq(r.shared.vote.motions[id], nil, "one of two is half")
  T.eq(decided(r)[1].passed, true)
end)

T.test("more who come make it need more, and a leaving viewer's choice leaves too", function()
  local r, ann, bob = room({ share = 0.75 })
  local id = start(ann, "ask", { question = "Pizza?" })
  T.eq(r.shared.vote.motions[id].needed, 3)
  cast(bob, id, false)
  r:join({ name = "Kim" })
  T.eq(r.shared.vote.motions[id].needed, 4)
  bob:leave()
  T.eq({ r.shared.vote.motions[id].no, r.shared.vote.motions[id].needed }, { 0, 3 })
end)

T.test("those who were cut off do not count until they are back", function()
  local r, ann, bob, zoe = room({ share = 0.75 }, { presence = {} })
  local id = start(ann, "ask", { question = "Pizza?" })
  bob:lose()
  zoe:lose()
  T.eq(r.shared.vote.motions[id].needed, 2)
  bob:return_()
  zoe:return_()
  T.eq(r.shared.vote.motions[id].needed, 3)
end)

T.test("a motion is withdrawn by its author or by a moderator", function()
  local r, ann, bob = room()
  local mia = r:join({ name = "Mia", roles = { "moderator" } })
  local id = start(ann, "ask", { question = "Pizza?" })
  T.refused(bob:command("vote", "withdraw", { motion = id }), "not_yours")
  T.ok(ann:command("vote", "withdraw", { motion = id }))
  T.refused(ann:command("vote", "withdraw", { motion = id }), "over")
  id = start(ann, "ask", { question = "Sushi?" })
  T.ok(mia:command("vote", "withdraw", { motion = id }))
  T.eq(r.shared.vote.motions, {})
end)

T.test("a motion says what it needs to say", function()
  local r, ann = room()
  T.refused(select(2, start(ann, "ask")), "no_question")
  T.refused(select(2, start(ann, "seek")), "no_target")
  T.refused(select(2, start(ann, "rate")), "no_target")
  T.refused(select(2, start(ann, "load")), "no_target")
  r:run(5)
  local empty = T.room({ plugins = { vote = {} } })
  T.refused(select(2, start(empty:join({ name = "Kim" }), "skip")), "no_media")
end)

T.test("only so many are open at once", function()
  local r, ann = room({ motions_max = 2 })
  start(ann, "ask", { question = "1" })
  start(ann, "ask", { question = "2" })
  T.refused(select(2, start(ann, "ask", { question = "3" })), "full")
  T.ok(r)
end)

T.test("what was put about one film does not hold for the next", function()
  local r, ann = room()
  start(ann, "skip")
  local ask = start(ann, "ask", { question = "Pizza?" })
  ann:load({ url = "/media/b.mp4" })
  local left = {}
  for id in pairs(r.shared.vote.motions) do
    left[#left + 1] = id
  end
  T.eq(left, { ask })
end)

T.test("a poll shows its counts as they come, and a viewer counts once", function()
  local r, ann, bob, zoe = room()
  local id = ann:command("vote", "poll", { question = "What next?", options = { "Alien", "Brazil" } }).data.poll
  T.ok(bob:command("vote", "answer", { poll = id, option = 1 }))
  T.ok(zoe:command("vote", "answer", { poll = id, option = 2 }))
  T.eq(r.shared.vote.polls[id].counts, { 1, 1 })
  T.ok(bob:command("vote", "answer", { poll = id, option = 2 }))
  T.ok(bob:command("vote", "answer", { poll = id, option = 2 }))
  T.eq(r.shared.vote.polls[id].counts, { 0, 2 })
  T.refused(bob:command("vote", "answer", { poll = id, option = 3 }), "no_option")
end)

T.test("a poll is closed by its author, a moderator or its time, and its result stays", function()
  local r, ann, bob = room()
  local id = ann:command("vote", "poll", { question = "?", options = { "A", "B" }, seconds = 10 }).data.poll
  bob:command("vote", "answer", { poll = id, option = 1 })
  T.refused(bob:command("vote", "close", { poll = id }), "not_yours")
  r:run(11)
  T.eq(r.shared.vote.polls[id].open, false)
  T.eq(r.shared.vote.polls[id].counts, { 1, 0 })
  T.refused(bob:command("vote", "answer", { poll = id, option = 2 }), "over")
  id = ann:command("vote", "poll", { question = "?", options = { "A", "B" } }).data.poll
  T.ok(ann:command("vote", "close", { poll = id }))
  T.refused(ann:command("vote", "close", { poll = id }), "over")
end)

T.test("a poll has two options or more, each once", function()
  local _, ann = room()
  T.refused(ann:command("vote", "poll", { question = "?", options = { "A" } }), "options")
  T.refused(ann:command("vote", "poll", { question = "?", options = { "A", "A" } }), "options")
end)

T.test("the oldest closed poll makes room for another; open ones stay", function()
  local r, ann = room({ polls_max = 2 })
  local function poll()
    r:run(5)
    local reply = ann:command("vote", "poll", { question = "?", options = { "A", "B" } })
    return reply.data and reply.data.poll, reply
  end
  local first, second = poll(), poll()
  T.refused(select(2, poll()), "full")
  ann:command("vote", "close", { poll = first })
  local third = poll()
  T.ok(third)
  T.eq(r.shared.vote.polls[first], nil)
  T.ok(r.shared.vote.polls[second])
end)

T.test("a page that was reloaded asks what its viewer chose", function()
  local _, ann, bob = room({ share = 0.75 })
  local motion = start(ann, "ask", { question = "Pizza?" })
  local poll = ann:command("vote", "poll", { question = "?", options = { "A", "B" } }).data.poll
  cast(bob, motion, false)
  bob:command("vote", "answer", { poll = poll, option = 2 })
  T.eq(bob:command("vote", "mine", {}).data, { choices = { [tostring(motion)] = 2, [tostring(poll)] = 2 } })
  T.eq(ann:command("vote", "mine", {}).data, { choices = { [tostring(motion)] = 1 } })
end)

T.test("running votes survive a reload of the plugin", function()
  local r, ann, bob = room({ share = 0.75 })
  local id = start(ann, "ask", { question = "Pizza?" })
  cast(bob, id, true)
  T.ok(r:reload({}))
  T.eq(r.shared.vote.motions[id].yes, 2)
  cast(bob, id, false)
  T.eq({ r.shared.vote.motions[id].yes, r.shared.vote.motions[id].no }, { 1, 1 })
  r:run(40)
  T.eq(r.shared.vote.motions, {})
end)

T.test("votes whose time ends while the plugin is suspended are decided after", function()
  local r, ann = room()
  start(ann, "ask", { question = "Pizza?" })
  r:suspend("vote")
  T.refused(select(2, start(ann, "skip")))
  r:run(40)
  T.eq(r.shared.vote.motions, {})
  T.eq(decided(r)[1].passed, false)
  r:errors()
end)

T.test("more voters than one text of ballots holds are all counted", function()
  local r = T.room({ plugins = { vote = { share = 1 } } })
  local first = r:join({ name = "first" })
  local poll = first:command("vote", "poll", { question = "?", options = { "A", "B" } }).data.poll
  local total = 1
  while total < 270 do
    local viewer = r:join({ name = "viewer" })
    total = viewer.id
    viewer:command("vote", "answer", { poll = poll, option = 1 })
    if total % 90 ~= 0 then
      viewer:leave()
    end
  end
  T.eq(r.shared.vote.polls[poll].counts, { 269, 0 })
end)

T.test("where the remote is the vote of all, a button puts what it would do", function()
  local r, ann = room({}, { host_control = { mode = "vote" } })
  T.refused(ann:seek(90), "put_to_vote")
  T.refused(ann:set_rate(1.25), "put_to_vote")
  T.refused(ann:load({ url = "/media/b.mp4", title = "B", kind = "file" }), "put_to_vote")
  local put = {}
  for _, motion in pairs(r.shared.vote.motions) do
    put[motion.action] = { motion.position_s, motion.rate, motion.url, motion.title, motion.kind }
  end
  T.eq(put.seek, { 90 })
  T.eq(put.rate, { nil, 1.25 })
  T.eq(put.load, { nil, nil, "/media/b.mp4", "B", "file" })
end)

T.test("a button whose vote was just lost says when it can be pressed again", function()
  local r, ann = room({ motion_s = 5 }, { host_control = { mode = "vote" } })
  T.refused(ann:play(), "put_to_vote")
  r:run(6)
  local reply = ann:play()
  T.refused(reply, "too_soon")
  T.ok(reply.data.retry_ms > 10000)
end)
