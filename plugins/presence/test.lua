local T = ...

local function room(settings)
  local r = T.room({ plugins = { presence = settings or {} } })
  return r, r:join({ name = "Ann" }), r:join({ name = "Bob" })
end

local function told(r)
  local list = {}
  for index, event in ipairs(r:events("presence")) do
    list[index] = event.data
  end
  return list
end

T.test("everyone here is counted", function()
  local r, _, bob = room()
  T.eq(r.shared.presence.counts, { here = 2, active = 2, away = 0 })
  bob:leave()
  T.eq(r.shared.presence.counts, { here = 1, active = 1, away = 0 })
end)

T.test("a viewer whose page is hidden for a while is away, until it is shown", function()
  local r, _, bob = room({ away_after_s = 10 })
  bob:condition({ away = true })
  r:run(9)
  T.eq(r.shared.presence.counts.away, 0)
  r:run(11)
  T.eq(r.shared.presence.counts, { here = 2, active = 1, away = 1 })
  T.eq(r.shared.presence.away[bob.id].by_hand, false)
  bob:condition({ away = false })
  T.eq(r.shared.presence.counts, { here = 2, active = 2, away = 0 })
  T.eq(r.shared.presence.away, {})
end)

T.test("a page that is hidden for a moment is no matter", function()
  local r, _, bob = room({ away_after_s = 10 })
  bob:condition({ away = true })
  r:run(5)
  bob:condition({ away = false })
  r:run(60)
  T.eq(r.shared.presence.counts.away, 0)
end)

T.test("without a delay a hidden page is away at once", function()
  local r, _, bob = room({ away_after_s = 0 })
  bob:condition({ away = true })
  T.eq(r.shared.presence.counts.away, 1)
end)

T.test("who says so is away until saying otherwise, whatever the page does", function()
  local r, _, bob = room()
  T.ok(bob:command("presence", "away", { on = true }))
  T.eq(r.shared.presence.away[bob.id].by_hand, true)
  bob:condition({ away = true })
  bob:condition({ away = false })
  T.eq(r.shared.presence.counts, { here = 2, active = 1, away = 1 })
  T.ok(bob:command("presence", "away", { on = false }))
  T.eq(r.shared.presence.counts, { here = 2, active = 2, away = 0 })
end)

T.test("a viewer who was cut off is neither active nor away", function()
  local r, _, bob = room()
  bob:lose()
  T.eq(r.shared.presence.counts, { here = 2, active = 1, away = 0 })
  bob:return_()
  T.eq(r.shared.presence.counts, { here = 2, active = 2, away = 0 })
  bob:lose()
  bob:leave()
  T.eq(r.shared.presence.counts, { here = 1, active = 1, away = 0 })
end)

T.test("joins and leaves within a moment are told together", function()
  local r, ann, bob = room({ gather_s = 2 })
  r:run(3)
  T.eq(told(r), {
    {
      joined = { { viewer = ann.id, name = "Ann" }, { viewer = bob.id, name = "Bob" } },
      joined_more = 0,
      left = {},
      left_more = 0,
    },
  })
  bob:leave()
  r:run(3)
  T.eq(told(r)[1].left, { { viewer = bob.id, name = "Bob" } })
  r:run(10)
  T.eq(told(r), {})
end)

T.test("who came and went at once is told to nobody", function()
  local r = room({ gather_s = 2 })
  r:run(3)
  told(r)
  r:join({ name = "Eve" }):leave()
  r:run(3)
  T.eq(told(r), {})
end)

T.test("of many only the first are named", function()
  local r = T.room({ plugins = { presence = { gather_s = 10 } } })
  for number = 1, 30 do
    r:join({ name = "viewer " .. number })
  end
  r:run(11)
  local event = told(r)[1]
  T.eq(#event.joined, 8)
  T.eq(event.joined_more, 22)
end)

T.test("the roster is read page by page", function()
  local r, ann, bob = room()
  local mia = r:join({ name = "Mia", roles = { "moderator" } })
  bob:command("presence", "away", { on = true })
  local first = ann:command("presence", "page", { limit = 2 }).data
  T.eq(first, {
    viewers = {
      { id = ann.id, name = "Ann", roles = {}, connected = true, away = false },
      { id = bob.id, name = "Bob", roles = {}, connected = true, away = true },
    },
    total = 3,
    next = bob.id,
  })
  local second = ann:command("presence", "page", { after = first.next, limit = 2 }).data
  T.eq(#second.viewers, 1)
  T.eq(second.viewers[1].name, "Mia")
  T.eq(second.viewers[1].roles, { "moderator" })
  T.eq(second.next, nil)
  T.ok(mia)
end)

T.test("a page of a room of hundreds fits into an answer", function()
  local r = T.room({ plugins = { presence = {} } })
  local last
  for number = 1, 95 do
    last = r:join({ name = ("%02d"):format(number) .. (" wide name"):rep(3), roles = { "moderator", "member" } })
  end
  local reply = last:command("presence", "page", { limit = 100 })
  T.ok(reply)
  T.ok(#reply.data.viewers > 20)
end)

T.test("after a suspension it counts again who is away and who was cut off", function()
  local r, ann, bob = room({ away_after_s = 0 })
  local zoe = r:join({ name = "Zoe" })
  bob:command("presence", "away", { on = true })
  r:suspend("presence")
  ann:condition({ away = true })
  zoe:lose()
  r:run(40)
  T.eq(r.shared.presence.counts, { here = 3, active = 0, away = 2 })
  r:errors()
end)

T.test("a large room is counted again too, page by page", function()
  local r = T.room({ plugins = { presence = { away_after_s = 0, gather_s = 60 } } })
  local last
  for number = 1, 250 do
    last = r:join({ name = "viewer " .. number })
  end
  r:suspend("presence")
  last:condition({ away = true })
  r:run(40)
  T.eq(r.shared.presence.counts, { here = 250, active = 249, away = 1 })
  T.ok(r.shared.presence.away[last.id])
  r:errors()
end)

T.test("whoever was away and left during a suspension is no longer in the list", function()
  local r, ann, bob = room()
  bob:command("presence", "away", { on = true })
  r:suspend("presence")
  bob:leave()
  r:run(40)
  T.eq(r.shared.presence.away, {})
  T.eq(r.shared.presence.counts, { here = 1, active = 1, away = 0 })
  T.ok(ann)
  r:errors()
end)
