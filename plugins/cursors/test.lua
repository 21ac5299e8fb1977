local T = ...

local function room(settings)
  local r = T.room({ plugins = { cursors = settings or {} } })
  return r, r:join({ name = "Ann" }), r:join({ name = "Bob" })
end

local function told(r)
  local list = {}
  for index, event in ipairs(r:events("cursors")) do
    list[index] = event.data
  end
  return list
end

T.test("pointers that move are told together, each where it was last", function()
  local r, ann, bob = room({ hz = 1 })
  ann:signal("cursors", "point", { x = 0.1, y = 0.1 })
  ann:signal("cursors", "point", { x = 0.2, y = 0.300049 })
  bob:signal("cursors", "point", { x = 1, y = 0 })
  r:run(1)
  T.eq(told(r), {
    { cursors = { { viewer = ann.id, x = 0.2, y = 0.3 }, { viewer = bob.id, x = 1, y = 0 } }, gone = {} },
  })
  r:run(5)
  T.eq(told(r), {}, "what rests is not told again")
end)

T.test("they are told at most as often as the room allows", function()
  local r, ann = room({ hz = 5 })
  for number = 1, 40 do -- two seconds of them
    ann:signal("cursors", "point", { x = number / 40, y = 0 })
  end
  local count = #told(r)
  T.ok(count >= 8 and count <= 11, count .. " in two seconds")
end)

T.test("a pointer that leaves the picture is gone, and so is one whose viewer leaves", function()
  local r, ann, bob = room()
  ann:signal("cursors", "point", { x = 0.5, y = 0.5 })
  bob:signal("cursors", "point", { x = 0.5, y = 0.5 })
  r:run(1)
  told(r)
  ann:signal("cursors", "hide", {})
  r:run(1)
  T.eq(told(r), { { cursors = {}, gone = { ann.id } } })
  bob:leave()
  r:run(1)
  T.eq(told(r), { { cursors = {}, gone = { bob.id } } })
end)

T.test("so is one whose connection is cut", function()
  local r, ann = room()
  ann:signal("cursors", "point", { x = 0.5, y = 0.5 })
  r:run(1)
  told(r)
  ann:lose()
  r:run(1)
  T.eq(told(r)[1].gone, { ann.id })
end)

T.test("hiding what nobody saw is told to nobody", function()
  local r, ann = room()
  ann:signal("cursors", "hide", {})
  r:run(1)
  T.eq(told(r), {})
end)

T.test("above the count they are off, and below it on again", function()
  local r, ann = room({ viewers_max = 2 })
  T.eq(r.shared.cursors.on, true)
  T.eq(r.shared.cursors.hz, 10)
  local zoe = r:join({ name = "Zoe" })
  T.eq(r.shared.cursors.on, false)
  ann:signal("cursors", "point", { x = 0.5, y = 0.5 })
  r:run(1)
  T.eq(told(r), {})
  zoe:leave()
  T.eq(r.shared.cursors.on, true)
  ann:signal("cursors", "point", { x = 0.5, y = 0.5 })
  r:run(1)
  T.eq(#told(r), 1)
end)

T.test("whoever may not point does not", function()
  local r = T.room({ plugins = { cursors = {}, roles = { who = { ["cursors.point"] = "member" } } } })
  local ann = r:join({ name = "Ann" })
  ann:signal("cursors", "point", { x = 0.5, y = 0.5 })
  r:run(1)
  T.eq(told(r), {})
end)

T.test("a pointer that comes back is not gone", function()
  local r, ann = room({ hz = 1 })
  ann:signal("cursors", "point", { x = 0.1, y = 0.1 })
  r:run(2)
  told(r)
  ann:signal("cursors", "hide", {})
  ann:signal("cursors", "point", { x = 0.2, y = 0.2 })
  r:run(2)
  T.eq(told(r), { { cursors = { { viewer = ann.id, x = 0.2, y = 0.2 } }, gone = {} } })
  ann:signal("cursors", "point", { x = 0.3, y = 0.3 })
  ann:signal("cursors", "hide", {})
  r:run(2)
  T.eq(told(r), { { cursors = {}, gone = { ann.id } } })
end)
