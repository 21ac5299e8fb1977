local T = ...

local function room(settings)
  local r = T.room({ plugins = { chat = settings or {} }, media = { duration_s = 600 } })
  local ann = r:join({ name = "Ann", roles = { "owner" } })
  return r, ann, r:join({ name = "Bob" }), r:join({ name = "Zoe" })
end

local function say(viewer, text, more)
  local args = more or {}
  args.text = text
  return viewer:command("chat", "say", args)
end

local function texts(r)
  local list = {}
  for index, line in ipairs(r.shared.chat.log) do
    list[index] = line.value.text
  end
  return list
end

T.test("what is said is there for those who come later, with who, when and where in the film", function()
  local r, _, bob = room()
  bob:seek(42)
  local reply = say(bob, "hi")
  T.ok(reply)
  local line = r.shared.chat.log[1]
  T.eq(line.index, reply.data.line)
  T.eq(line.value.from, bob.id)
  T.eq(line.value.name, "Bob")
  T.eq(line.value.text, "hi")
  T.eq(line.value.position_s, 42)
  T.eq(line.value.media, 1)
  T.eq(r:join({ name = "Late" }).shared.chat.log[1].value.text, "hi")
end)

T.test("a line links to where its author's screen was", function()
  local r, _, bob = room()
  say(bob, "there!", { position_s = 12.3456 })
  T.eq(r.shared.chat.log[1].value.position_s, 12.346)
end)

T.test("without media a line links nowhere", function()
  local r = T.room({ plugins = { chat = {} } })
  local ann = r:join({ name = "Ann" })
  say(ann, "hi")
  T.eq(r.shared.chat.log[1].value.position_s, nil)
end)

T.test("the oldest lines go when there are too many", function()
  local r, _, bob = room({ keep = 3, burst = 10 })
  for number = 1, 5 do
    T.ok(say(bob, "line " .. number))
  end
  T.eq(texts(r), { "line 3", "line 4", "line 5" })
end)

T.test("long lines make older ones go before the room has no space for them", function()
  local r, _, bob = room({ keep = 500, length_max = 2000, burst = 50, per_s = 20 })
  local long = ("x"):rep(2000)
  for _ = 1, 60 do
    T.ok(say(bob, long))
    r:ticks(2)
  end
  local kept = #r.shared.chat.log
  T.ok(kept > 20 and kept < 60, kept .. " lines are kept")
end)

T.test("white space is tidied, and a line of nothing else is not said", function()
  local r, _, bob = room()
  T.ok(say(bob, "  two\n  words "))
  T.eq(texts(r), { "two words" })
  T.refused(say(bob, "   "), "empty")
  T.eq(#r.shared.chat.log, 1)
end)

T.test("a line that is too long is refused", function()
  local r, _, bob = room({ length_max = 10 })
  T.ok(say(bob, "0123456789"))
  T.refused(say(bob, "0123456789a"))
  T.eq(r.shared.chat.limits, { length_max = 10, edit_s = 600, slow_s = 0 })
end)

T.test("whoever says too much is told when to go on", function()
  local r, _, bob, zoe = room({ per_s = 0.5, burst = 2 })
  T.ok(say(bob, "1"))
  T.ok(say(bob, "2"))
  local reply = say(bob, "3")
  T.refused(reply, "rate_limited")
  T.ok(reply.retry_ms > 1000 and reply.retry_ms <= 2000, "retry_ms is " .. tostring(reply.retry_ms))
  T.ok(say(zoe, "another's pace is another's"))
  r:run(2)
  T.ok(say(bob, "3"))
end)

T.test("slow mode holds for all but moderators", function()
  local r, ann, bob = room()
  T.refused(bob:command("chat", "set_slow", { seconds = 30 }), "permission")
  T.ok(ann:command("chat", "set_slow", { seconds = 30 }))
  T.eq(r.shared.chat.limits.slow_s, 30)
  T.ok(say(bob, "1"))
  local reply = say(bob, "2")
  T.refused(reply, "slow")
  T.ok(reply.data.retry_ms > 29000 and reply.data.retry_ms <= 30000)
  T.ok(say(ann, "1"))
  T.ok(say(ann, "2"))
  r:run(30)
  T.ok(say(bob, "2"))
  T.ok(ann:command("chat", "set_slow", { seconds = 0 }))
  T.ok(say(bob, "3"))
end)

T.test("slow mode survives a reload", function()
  local r, ann, bob = room()
  ann:command("chat", "set_slow", { seconds = 30 })
  T.ok(r:reload({}))
  T.ok(say(bob, "1"))
  T.refused(say(bob, "2"), "slow")
end)

T.test("one's own line can be changed for a while", function()
  local r, ann, bob = room({ edit_s = 60 })
  local line = say(bob, "teh end").data.line
  T.ok(bob:command("chat", "edit", { line = line, text = "the end" }))
  T.eq(r.shared.chat.log[1].value.text, "the end")
  T.eq(r.shared.chat.log[1].value.edited, true)
  T.refused(ann:command("chat", "edit", { line = line, text = "mine" }), "not_yours")
  r:run(61)
  T.refused(bob:command("chat", "edit", { line = line, text = "too late" }), "too_late")
end)

T.test("one's own line can be taken back; moderators take back any", function()
  local r, ann, bob, zoe = room()
  local one, two = say(bob, "one").data.line, say(bob, "two").data.line
  T.refused(zoe:command("chat", "delete", { line = one }), "not_yours")
  T.ok(bob:command("chat", "delete", { line = one }))
  T.eq(texts(r), { "two" })
  T.ok(ann:command("chat", "delete", { line = two }))
  T.eq(texts(r), {})
  T.refused(bob:command("chat", "delete", { line = two }), "no_line")
  T.refused(bob:command("chat", "edit", { line = two, text = "x" }), "no_line")
end)

T.test("moderators take back everything", function()
  local r, ann, bob = room()
  say(bob, "one")
  T.refused(bob:command("chat", "clear", {}), "permission")
  T.ok(ann:command("chat", "clear", {}))
  T.eq(texts(r), {})
  T.ok(say(bob, "two"))
end)

T.test("a reply names a line that is there", function()
  local r, _, bob, zoe = room()
  local line = say(bob, "who is that?").data.line
  T.ok(say(zoe, "the butler", { reply_to = line }))
  T.eq(r.shared.chat.log[2].value.reply_to, line)
  T.refused(say(zoe, "what?", { reply_to = 99 }), "no_line")
end)

T.test("mentions are of viewers who are here, each once", function()
  local r, ann, bob, zoe = room()
  T.ok(say(bob, "@Ann @Zoe", { mentions = { ann.id, zoe.id, ann.id, 77 } }))
  T.eq(r.shared.chat.log[1].value.mentions, { ann.id, zoe.id })
  T.ok(say(bob, "@nobody", { mentions = { 77 } }))
  T.eq(r.shared.chat.log[2].value.mentions, nil)
end)

T.test("another plugin filters what is said", function()
  local r = T.room({
    plugins = { chat = {}, filter = {} },
    sources = {
      filter = {
        manifest = [[return { name = "filter", version = "1.0.0", api = 1, after = { "chat" } }]],
        code = [[
          local P = ...
          P:transform("chat.text", function(room, text) return (text:gsub("darn", "****")) end)
        ]],
      },
    },
  })
  local ann = r:join({ name = "Ann" })
  T.ok(say(ann, "darn it"))
  T.eq(texts(r), { "**** it" })
end)

T.test("who is writing is told, together, and not once they have said it", function()
  local r, _, bob, zoe = room()
  bob:signal("chat", "typing", { on = true })
  zoe:signal("chat", "typing", { on = true })
  r:run(1)
  T.eq(r:events("chat")[1].data, { viewers = { bob.id, zoe.id }, more = 0 })
  say(bob, "hi")
  r:run(1)
  T.eq(r:events("chat")[1].data, { viewers = { zoe.id }, more = 0 })
  zoe:leave()
  r:run(1)
  T.eq(r:events("chat")[1].data, { viewers = {}, more = 0 })
end)

T.test("whoever stops writing without a word is forgotten", function()
  local r, _, bob, zoe = room()
  bob:signal("chat", "typing", { on = true })
  r:run(10)
  r:events("chat")
  zoe:signal("chat", "typing", { on = true })
  r:run(1)
  T.eq(r:events("chat")[1].data.viewers, { zoe.id })
end)

T.test("what was said is still there after a suspension", function()
  local r, _, bob = room()
  say(bob, "hi")
  r:suspend("chat")
  T.refused(say(bob, "hello?"))
  r:run(40)
  T.ok(say(bob, "again"))
  T.eq(texts(r), { "hi", "again" })
  r:errors()
end)

T.test("of many who write only the first are named", function()
  local r = T.room({ plugins = { chat = {} } })
  for number = 1, 10 do
    r:join({ name = "viewer " .. number }):signal("chat", "typing", { on = true })
  end
  r:run(1)
  local events = r:events("chat")
  T.eq(#events[#events].data.viewers, 8)
  T.eq(events[#events].data.more, 2)
end)

T.test("whoever may not talk is not told to be writing", function()
  local r = T.room({ plugins = { chat = {}, roles = { who = { ["chat.say"] = "member" } } } })
  r:join({ name = "Bob" }):signal("chat", "typing", { on = true })
  r:run(1)
  T.eq(r:events("chat"), {})
end)
