local T = ...

local function room(settings)
  local r = T.room({ plugins = { reactions = settings or {} }, media = { duration_s = 600 } })
  return r, r:join({ name = "Ann" }), r:join({ name = "Bob" })
end

local function bursts(r)
  local list = {}
  for index, event in ipairs(r:events("reactions")) do
    list[index] = event.data
  end
  return list
end

T.test("reactions of many become one event, with where the film was", function()
  local r, ann, bob = room()
  ann:seek(50)
  ann:signal("reactions", "react", { emoji = "👍" })
  bob:signal("reactions", "react", { emoji = "👍" })
  r:run(1)
  T.eq(bursts(r), { { counts = { ["👍"] = 2 }, places = {}, position_s = 50, media = 1 } })
end)

T.test("those that were given a place keep it", function()
  local r, ann = room()
  ann:signal("reactions", "react", { emoji = "🎉", x = 0.25, y = 0.5 })
  r:run(1)
  T.eq(bursts(r)[1].places, { { emoji = "🎉", x = 0.25, y = 0.5 } })
end)

T.test("what cannot be sent is not told", function()
  local r, ann = room({ choices = { "A" } })
  T.eq(r.shared.reactions.choices, { "A" })
  ann:signal("reactions", "react", { emoji = "👍" })
  ann:signal("reactions", "react", { emoji = "A" })
  r:run(1)
  T.eq(bursts(r)[1].counts, { A = 1 })
end)

T.test("one viewer's flood is cut to the pace", function()
  local r, ann = room({ per_s = 1, burst = 3, gather_s = 1 })
  for _ = 1, 10 do
    ann:signal("reactions", "react", { emoji = "👍" })
  end
  r:run(2)
  T.eq(bursts(r)[1].counts["👍"], 3)
end)

T.test("whoever may not react does not", function()
  local r = T.room({ plugins = { reactions = {}, roles = { who = { ["reactions.react"] = "member" } } } })
  local ann = r:join({ name = "Ann" })
  ann:signal("reactions", "react", { emoji = "👍" })
  r:run(1)
  T.eq(bursts(r), {})
end)

T.test("ninety viewers cost one event", function()
  local r = T.room({ plugins = { reactions = { gather_s = 5 } }, media = { duration_s = 600 } })
  local viewers = {}
  for number = 1, 90 do
    viewers[number] = r:join({ name = "viewer" })
  end
  for _, viewer in ipairs(viewers) do
    viewer:signal("reactions", "react", { emoji = "👏", x = 0.5, y = 0.5 })
  end
  r:run(6)
  local told = bursts(r)
  T.eq(#told, 1)
  T.eq(told[1].counts["👏"], 90)
  T.eq(#told[1].places, 32)
end)

T.test("late joiners see at which moments of the film people reacted", function()
  local r, ann, bob = room({ moment_s = 10 })
  ann:seek(25)
  ann:signal("reactions", "react", { emoji = "👍" })
  bob:signal("reactions", "react", { emoji = "😂" })
  r:run(1)
  ann:seek(99)
  ann:signal("reactions", "react", { emoji = "👍" })
  r:run(3)
  T.eq(r.shared.reactions.moments, { [2] = 2, [9] = 1 })
  T.eq(r.shared.reactions.moment_s, 10)
end)

T.test("another film has moments of its own", function()
  local r, ann = room()
  ann:signal("reactions", "react", { emoji = "👍" })
  r:run(3)
  T.eq(r.shared.reactions.moments, { [0] = 1 })
  ann:load({ url = "/media/other.mp4" })
  r:run(3)
  T.eq(r.shared.reactions.moments, {})
end)

T.test("without a film reactions are told all the same", function()
  local r = T.room({ plugins = { reactions = {} } })
  local ann = r:join({ name = "Ann" })
  ann:signal("reactions", "react", { emoji = "👍" })
  r:run(1)
  T.eq(bursts(r)[1].media, 0)
end)

T.test("moments of another length are counted anew", function()
  local r, ann = room({ moment_s = 10 })
  ann:signal("reactions", "react", { emoji = "👍" })
  r:run(3)
  T.ok(r:reload({ plugins = { reactions = { moment_s = 20 } } }))
  r:ticks(1)
  T.eq(r.shared.reactions.moments, {})
  ann:signal("reactions", "react", { emoji = "👍" })
  r:run(3)
  T.eq(r.shared.reactions.moments, { [0] = 1 })
  T.ok(r:reload({}))
  ann:signal("reactions", "react", { emoji = "👍" })
  r:run(3)
  T.eq(r.shared.reactions.moments, { [0] = 2 })
end)
