local T = ...

-- Films of ten seconds; the room has one loaded unless `empty`.
local function room(settings, empty)
  local durations_s = {}
  for _, name in ipairs({ "film", "a", "b", "c", "d" }) do
    durations_s["/media/" .. name .. ".mp4"] = 10
  end
  local r = T.room({
    plugins = { queue = settings or {}, roles = {} },
    media = not empty and { url = "/media/film.mp4", duration_s = 10 } or nil,
    durations_s = durations_s,
  })
  return r, r:join({ name = "Ann" }), r:join({ name = "Bob" })
end

local function add(viewer, name, more)
  local args = more or {}
  args.url = "/media/" .. name .. ".mp4"
  args.title = name
  local reply = viewer:command("queue", "add", args)
  return reply.data and reply.data.item, reply
end

local function titles(r)
  local list = {}
  for position, item in ipairs(r.shared.queue.items) do
    list[position] = item.value.title
  end
  return table.concat(list, " ")
end

T.test("what is added waits, with who added it, and late joiners see it", function()
  local r, ann, bob = room()
  local a = add(ann, "a")
  local b = add(bob, "b")
  T.ok(a and b and a ~= b)
  T.eq(titles(r), "a b")
  T.eq(r.shared.queue.items[2].id, b)
  T.eq(r.shared.queue.items[2].value.by_name, "Bob")
  T.eq(r:join({ name = "Late" }).shared.queue.items[1].value.url, "/media/a.mp4")
end)

T.test("what is added to come next does", function()
  local r, ann = room()
  add(ann, "a")
  add(ann, "b", { next = true })
  T.eq(titles(r), "b a")
end)

T.test("the address tells the kind", function()
  local r, ann = room()
  ann:command("queue", "add", { url = "https://example.org/live.m3u8?x=1" })
  ann:command("queue", "add", { url = "https://example.org/film.mpd" })
  ann:command("queue", "add", { url = "https://www.youtube.com/watch?v=abc" })
  ann:command("queue", "add", { url = "https://vimeo.com/1" })
  ann:command("queue", "add", { url = "https://www.twitch.tv/x" })
  ann:command("queue", "add", { url = "abc-123_X", kind = "youtube" })
  local kinds = {}
  for position, item in ipairs(r.shared.queue.items) do
    kinds[position] = item.value.kind
  end
  T.eq(kinds, { "hls", "dash", "youtube", "vimeo", "twitch", "youtube" })
end)

T.test("what is no address is refused", function()
  local r, ann = room()
  for _, url in ipairs({ "film.mp4", "//other.host/film.mp4", "javascript:alert(1)", "/media/../x.mp4", "http://a b", "https:///x" }) do
    T.refused(ann:command("queue", "add", { url = url }), "address")
  end
  T.eq(#r.shared.queue.items, 0)
end)

T.test("an item is removed by whoever added it, or by whoever may", function()
  local r, ann, bob = room()
  local olga = r:join({ name = "Olga", roles = { "owner" } })
  olga:command("roles", "permit", { permission = "queue.edit", who = "moderator" })
  local a, b = add(ann, "a"), add(bob, "b")
  T.refused(ann:command("queue", "remove", { item = b }), "not_yours")
  T.ok(ann:command("queue", "remove", { item = a }))
  T.refused(ann:command("queue", "remove", { item = a }), "no_item")
  T.ok(olga:command("queue", "remove", { item = b }))
  T.eq(titles(r), "")
end)

T.test("items are reordered by their ids", function()
  local r, ann = room()
  local a, b, c = add(ann, "a"), add(ann, "b"), add(ann, "c")
  T.ok(ann:command("queue", "move", { item = c, position = 1 }))
  T.eq(titles(r), "c a b")
  T.ok(ann:command("queue", "move", { item = c, position = 100 }))
  T.eq(titles(r), "a b c")
  T.ok(ann:command("queue", "move", { item = a, position = 2 }))
  T.eq(titles(r), "b a c")
  T.refused(ann:command("queue", "move", { item = 99, position = 1 }), "no_item")
  T.eq({ r.shared.queue.items[1].id, r.shared.queue.items[2].id, r.shared.queue.items[3].id }, { b, a, c })
end)

T.test("play now loads an item and takes it off the list", function()
  local r, ann = room()
  add(ann, "a")
  local b = add(ann, "b")
  T.ok(ann:command("queue", "play", { item = b }))
  T.eq(r.media.url, "/media/b.mp4")
  T.eq(r.media.title, "b")
  T.eq(r.playing, true)
  T.eq(titles(r), "a")
  T.eq(r.shared.queue.current.item, b)
  T.eq(r.shared.queue.current.media, 2)
  T.refused(ann:command("queue", "play", { item = b }), "no_item")
end)

T.test("when the film ends the next starts after the gap", function()
  local r, ann = room({ gap_s = 5 })
  add(ann, "a")
  ann:play()
  r:run(11)
  T.eq(r.media.url, "/media/film.mp4")
  T.ok(r.shared.queue.next_tick > r.tick and r.shared.queue.next_tick <= r.tick + 100)
  r:run(5)
  T.eq(r.media.url, "/media/a.mp4")
  T.eq(r.playing, true)
  T.eq(r.shared.queue.next_tick, nil)
  r:run(30)
  T.eq(r.playing, false, "nothing is left")
end)

T.test("without a gap it starts at once", function()
  local r, ann = room({ gap_s = 0 })
  add(ann, "a")
  ann:play()
  r:run(11)
  T.eq(r.media.url, "/media/a.mp4")
end)

T.test("whoever goes back during the gap is not interrupted", function()
  local r, ann = room({ gap_s = 5 })
  add(ann, "a")
  ann:play()
  r:run(11)
  ann:seek(3)
  ann:play()
  T.eq(r.shared.queue.next_tick, nil)
  r:run(4)
  T.eq(r.media.url, "/media/film.mp4")
  T.eq(r.playing, true)
end)

T.test("it goes on by itself only if it shall", function()
  local r, ann = room({ advance = false })
  add(ann, "a")
  ann:play()
  r:run(60)
  T.eq(r.media.url, "/media/film.mp4")
  T.ok(ann:command("queue", "set", { advance = true, gap_s = 1 }))
  T.eq(r.shared.queue.options, { advance = true, gap_s = 1, loop = "off", order = "manual" })
  ann:play()
  r:run(13)
  T.eq(r.media.url, "/media/a.mp4")
end)

T.test("what is added while nothing plays starts at once", function()
  local r, ann = room({}, true)
  local a = add(ann, "a")
  T.eq(r.media.url, "/media/a.mp4")
  T.eq(r.playing, true)
  T.eq(r.shared.queue.current.item, a)
  add(ann, "b")
  T.eq(titles(r), "b")
end)

T.test("so does what is added after the last film has ended", function()
  local r, ann = room()
  ann:play()
  r:run(12)
  add(ann, "a")
  T.eq(r.media.url, "/media/a.mp4")
end)

T.test("but not if its author may not play, or the operator does not want it", function()
  local r, ann = room({ start_when_idle = false }, true)
  add(ann, "a")
  T.eq(titles(r), "a")
  local other = T.room({ plugins = { queue = {}, roles = { who = { ["queue.play"] = "owner" } } } })
  add(other:join({ name = "Bob" }), "a")
  T.eq(titles(other), "a")
end)

T.test("one film is repeated", function()
  local r, ann = room({ loop = "one", gap_s = 1 })
  local a = add(ann, "a")
  add(ann, "b")
  ann:command("queue", "play", { item = a })
  r:run(13)
  T.eq(r.media.url, "/media/a.mp4")
  T.eq(r.playing, true)
  T.ok(r.position_s < 5)
  T.eq(titles(r), "b")
end)

T.test("all films are repeated, in order", function()
  local r, ann = room({ loop = "all", gap_s = 0 })
  local a = add(ann, "a")
  add(ann, "b")
  ann:command("queue", "play", { item = a })
  local seen = {}
  for index = 1, 4 do
    seen[index] = r.media.title
    r:run(10.5)
  end
  T.eq(seen, { "a", "b", "a", "b" })
  T.eq(#r.shared.queue.items, 1)
end)

T.test("a single film is repeated when all are", function()
  local r, ann = room({ loop = "all", gap_s = 0 })
  ann:command("queue", "play", { item = add(ann, "a") })
  r:run(12)
  T.eq(r.playing, true)
  T.eq(r.media.instance, 2)
end)

T.test("shuffle keeps every item, and its id", function()
  local r, ann = room()
  local before = {}
  for number = 1, 10 do
    before[add(ann, "film" .. number)] = true
    r:run(1)
  end
  local order = titles(r)
  T.ok(ann:command("queue", "shuffle", {}))
  T.ok(titles(r) ~= order, "another order")
  for _, item in ipairs(r.shared.queue.items) do
    T.ok(before[item.id])
    before[item.id] = nil
  end
  T.eq(before, {})
end)

T.test("two who skip the same film skip one", function()
  local r, ann, bob = room()
  ann:command("queue", "play", { item = add(ann, "a") })
  add(ann, "b")
  add(ann, "c")
  local current = r.shared.queue.current.item
  T.ok(ann:command("queue", "next", { current = current }))
  T.refused(bob:command("queue", "next", { current = current }), "stale")
  T.eq(r.media.title, "b")
  T.ok(bob:command("queue", "next", {}))
  T.eq(r.media.title, "c")
end)

T.test("skipping the last film ends it; with nothing at all there is nothing to skip", function()
  local r, ann = room()
  ann:play()
  T.ok(ann:command("queue", "next", {}))
  r:ticks(2)
  T.eq(r.playing, false)
  T.eq(r.position_s, 10)
  local empty, eve = room({}, true)
  T.refused(eve:command("queue", "next", {}), "empty")
  T.eq(empty.media, nil)
end)

T.test("in a queue ordered by votes the most wanted comes first, the earlier of equals", function()
  local r, ann, bob = room({ order = "votes" })
  local a, b, c = add(ann, "a"), add(ann, "b"), add(ann, "c")
  ann:command("queue", "vote", { item = c, on = true })
  T.eq(titles(r), "c a b")
  bob:command("queue", "vote", { item = b, on = true })
  T.eq(titles(r), "b c a")
  ann:command("queue", "vote", { item = c, on = true })
  T.eq(r.shared.queue.votes[c], { ann.id }, "twice is once")
  bob:command("queue", "vote", { item = c, on = true })
  T.eq(titles(r), "c b a")
  ann:command("queue", "vote", { item = c, on = false })
  T.eq(titles(r), "b c a")
  T.refused(ann:command("queue", "move", { item = a, position = 1 }), "by_votes")
  T.refused(ann:command("queue", "shuffle", {}), "by_votes")
end)

T.test("votes go with their item and with their viewer", function()
  local r, ann, bob = room()
  local a, b = add(ann, "a"), add(ann, "b")
  bob:command("queue", "vote", { item = b, on = true })
  T.eq(titles(r), "a b")
  T.ok(ann:command("queue", "set", { order = "votes" }))
  T.eq(titles(r), "b a")
  ann:command("queue", "vote", { item = a, on = true })
  T.eq(titles(r), "a b")
  bob:command("queue", "vote", { item = a, on = true })
  bob:command("queue", "vote", { item = a, on = false })
  ann:command("queue", "vote", { item = b, on = true })
  T.eq(titles(r), "b a")
  bob:leave()
  T.eq(titles(r), "a b", "one vote each again, and a came first")
  ann:command("queue", "remove", { item = a })
  T.eq(r.shared.queue.votes, { [b] = { ann.id } })
  T.refused(ann:command("queue", "vote", { item = a, on = true }), "no_item")
end)

T.test("the queue is bounded, for each viewer and in all", function()
  local _, ann, bob = room({ length_max = 3, per_viewer_max = 2 })
  add(ann, "a")
  add(ann, "b")
  T.refused(select(2, add(ann, "c")), "full")
  T.ok(add(bob, "c"))
  T.refused(select(2, add(bob, "d")), "full")
end)

T.test("very long addresses are refused before the room has no space for them", function()
  local r, ann = room()
  local refused = 0
  for number = 1, 40 do
    local url = "https://example.org/" .. ("x"):rep(2000) .. number
    refused = refused + (ann:command("queue", "add", { url = url }).reason == "full" and 1 or 0)
    r:run(1)
  end
  T.ok(#r.shared.queue.items >= 15 and refused > 10, #r.shared.queue.items .. " items")
end)

T.test("an item that another plugin keeps from loading stays, and its author is told", function()
  local r = T.room({
    plugins = { queue = {}, guard = {} },
    sources = {
      guard = {
        manifest = [[return { name = "guard", version = "1.0.0", api = 1 }]],
        code = [[local P = ...
          P:decide("playback.load", function() return P.deny("no", "not today") end)]],
      },
    },
  })
  local ann = r:join({ name = "Ann" })
  local a = add(ann, "a")
  r:ticks(1)
  T.eq(titles(r), "a")
  T.eq(r.shared.queue.current, nil)
  local event = r:events("queue")[1]
  T.eq(event.name, "failed")
  T.eq(event.data.item, a)
  T.eq(event.data.why, "not today")
end)

T.test("what is loaded beside the queue is not the queue's", function()
  local r, ann = room()
  ann:command("queue", "play", { item = add(ann, "a") })
  ann:load({ url = "/media/d.mp4" })
  T.eq(r.shared.queue.current, nil)
end)

T.test("the queue is emptied", function()
  local r, ann = room()
  local a = add(ann, "a")
  ann:command("queue", "vote", { item = a, on = true })
  T.ok(ann:command("queue", "clear", {}))
  T.eq(r.shared.queue.items, {})
  T.eq(r.shared.queue.votes, {})
end)

T.test("a film that ends while the queue is suspended does not stop it for good", function()
  local r, ann = room({ gap_s = 2 })
  add(ann, "a")
  ann:play()
  r:run(11)
  r:suspend("queue")
  r:run(20)
  T.eq(r.media.url, "/media/film.mp4")
  r:run(20)
  T.eq(r.media.url, "/media/a.mp4", "the gap that was running ends")
  r:errors()
end)

T.test("what is added to a queue ordered by votes goes behind what is wanted", function()
  local r, ann = room({ order = "votes" })
  ann:command("queue", "vote", { item = add(ann, "a"), on = true })
  add(ann, "b")
  add(ann, "c", { next = true })
  T.eq(titles(r), "a b c")
end)

T.test("the gap ends when somebody plays another item, or when nothing shall follow", function()
  local r, ann = room({ gap_s = 5 })
  add(ann, "a")
  local b = add(ann, "b")
  ann:play()
  r:run(11)
  T.ok(ann:command("queue", "set", { advance = false }))
  T.eq(r.shared.queue.next_tick, nil)
  r:run(6)
  T.eq(r.media.url, "/media/film.mp4")
  ann:command("queue", "set", { advance = true })
  ann:play()
  r:run(11)
  ann:command("queue", "play", { item = b })
  T.eq(r.shared.queue.next_tick, nil)
  r:run(6)
  T.eq(r.media.title, "b")
end)

T.test("skipping the only film begins it again when all are repeated, and ends it when none is", function()
  local r, ann = room({ loop = "all" })
  ann:command("queue", "play", { item = add(ann, "a") })
  r:run(5)
  T.ok(ann:command("queue", "next", {}))
  T.ok(r.position_s < 1 and r.playing)
  ann:command("queue", "set", { loop = "off" })
  T.ok(ann:command("queue", "next", {}))
  r:ticks(2)
  T.eq(r.playing, false)
end)

T.test("what was loaded during a suspension is not taken for the queue's", function()
  local r, ann = room()
  ann:command("queue", "play", { item = add(ann, "a") })
  r:suspend("queue")
  ann:load({ url = "/media/d.mp4" })
  r:run(40)
  T.eq(r.shared.queue.current, nil)
  r:errors()
end)
