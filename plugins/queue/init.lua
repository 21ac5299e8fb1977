local P = ...

-- The list `items` is what waits. To play one we ask the room to load it, and take it off the list when the room says
-- that it has: what the room refuses stays where it is.

-- The queue is part of every snapshot: what its items may take together, and what one takes beside its texts, no less than
-- the engine counts. Votes have what then is left of shared_kib.
local items_bytes_max = 44 * 1024
local item_bytes = 340
local votes_max = 1500

local function exists(item)
  return item and P.shared.items:get(item) ~= nil
end

local function no_item()
  return P.deny("no_item", "this item is not in the queue any more")
end

---- Addresses -------------------------------------------------------------------------------------------------------

local function has(text, plain)
  return text:find(plain, 1, true) ~= nil
end

local function kind_of(url)
  local path = url:lower():gsub("[?#].*$", "")
  if has(url, "youtube.com/") or has(url, "youtu.be/") then
    return "youtube"
  elseif has(url, "vimeo.com/") then
    return "vimeo"
  elseif has(url, "twitch.tv/") then
    return "twitch"
  elseif path:sub(-5) == ".m3u8" then
    return "hls"
  elseif path:sub(-4) == ".mpd" then
    return "dash"
  end
  return "file"
end

-- The room checks it again, but only when it is loaded: better said to whoever adds it.
local function is_address(url, kind)
  if url:find("[%s%c\"<>\\]") then
    return false
  elseif url:find("^[hH][tT][tT][pP][sS]?://[^/?#:@]") then
    return true
  elseif kind == "youtube" or kind == "vimeo" or kind == "twitch" then
    return #url <= 64 and not url:find("[^%w_-]")
  end
  return url:find("^/[^/]") ~= nil and not has(url, "/..")
end

---- Going on --------------------------------------------------------------------------------------------------------

local function stop_gap()
  P.shared.next_tick = nil
  P:cancel("advance")
end

-- The item that the room has been asked for, as long as it may still answer.
local function wanted(room)
  local asked = P.saved.wanted
  return asked and (room.tick - asked.tick) * room.tick_s <= 1 and asked.item or nil
end

local function start(room, id)
  local item = P.shared.items:get(id)
  stop_gap()
  P.saved.wanted = { item = id, tick = room.tick }
  room:load({ url = item.url, kind = item.kind, title = item.title, play = true })
end

local function restart(room)
  stop_gap()
  room:seek(0)
  room:play()
end

-- What comes after the film by itself: "again", the id of an item, or nothing.
local function what_follows()
  local loop = P.shared.options.loop
  local first = P.shared.items:at(1)
  if P.shared.current and (loop == "one" or (loop == "all" and not first)) then
    return "again"
  end
  return first
end

local function go_on(room)
  local follows = what_follows()
  if follows == "again" then
    restart(room)
  elseif follows then
    start(room, follows)
  end
end

-- Nothing is playing, nor about to.
local function is_idle(room)
  if wanted(room) or P.shared.next_tick or room.playing then
    return false
  end
  local media = room.media
  return not media or (media.duration_s ~= nil and media.duration_s > 0 and room.position_s >= media.duration_s)
end

P:on("media_ended", function(room)
  if not P.shared.options.advance or not what_follows() then
    return
  end
  local gap_s = P.shared.options.gap_s
  if gap_s == 0 then
    return go_on(room)
  end
  P.shared.next_tick = room.tick + math.ceil(gap_s / room.tick_s - 0.001)
  P:after(gap_s, "advance")
end)

P:on_timer("advance", function(room)
  P.shared.next_tick = nil
  if not room.playing then
    go_on(room)
  end
end)

-- Somebody does something else with the film that has ended.
P:on("played", stop_gap)
P:on("sought", stop_gap)

P:on("loaded", function(room, event)
  local id = wanted(room)
  P.saved.wanted = nil
  stop_gap()
  local before = P.shared.current
  local item = event.plugin == P.name and id and P.shared.items:get(id)
  if not item then
    P.shared.current = nil
    return
  end
  P.shared.items:remove(id)
  P.shared.votes[id] = nil
  P.shared.current = {
    item = id,
    media = room.media.instance,
    kind = item.kind,
    url = item.url,
    title = item.title,
    by = item.by,
    by_name = item.by_name,
  }
  if before and P.shared.options.loop == "all" and #P.shared.items < P.settings.length_max then
    P.shared.items:add({
      kind = before.kind,
      url = before.url,
      title = before.title,
      by = before.by,
      by_name = before.by_name,
      tick = room.tick,
    })
  end
end)

-- Something that we asked of the room was not done: its address is bad, or another plugin is against it.
P:on("refused", function(room, event)
  local id = wanted(room)
  local item = id and P.shared.items:get(id)
  if event.topic == "playback.load" then
    P.saved.wanted = nil
    if item then
      P:emit("failed", { item = id, title = item.title, url = item.url, why = event.message })
    end
  end
end)

---- Order -----------------------------------------------------------------------------------------------------------

local function votes_for(id)
  local voters = P.shared.votes[id]
  return voters and #voters or 0
end

-- Puts one item where its votes say: among as many it stays behind those that were added before.
local function place_by_votes(id)
  local votes, position = votes_for(id), 1
  for _, other in P.shared.items:each() do
    local theirs = votes_for(other)
    if other ~= id and (theirs > votes or (theirs == votes and other < id)) then
      position = position + 1
    end
  end
  if P.shared.items:position(id) ~= position then
    P.shared.items:move(id, position)
  end
end

local function order_by_votes()
  local ids, votes = {}, {}
  for _, id in P.shared.items:each() do
    ids[#ids + 1] = id
    votes[id] = votes_for(id)
  end
  table.sort(ids, function(a, b)
    return votes[a] > votes[b] or (votes[a] == votes[b] and a < b)
  end)
  for position, id in ipairs(ids) do
    if P.shared.items:position(id) ~= position then
      P.shared.items:move(id, position)
    end
  end
end

local function ordered_by_votes()
  if P.shared.options.order == "votes" then
    return P.deny("by_votes", "the queue is ordered by votes")
  end
end

P:command("move", function(_, call)
  if not exists(call.args.item) then
    return no_item()
  end
  local denial = ordered_by_votes()
  if denial then
    return denial
  end
  P.shared.items:move(call.args.item, math.min(call.args.position, #P.shared.items))
end)

P:command("shuffle", function(room)
  local denial = ordered_by_votes()
  if denial then
    return denial
  end
  local count = #P.shared.items
  for position = 1, count - 1 do
    local other = room:random(position, count)
    if other ~= position then
      P.shared.items:move(P.shared.items:at(other), position)
    end
  end
end)

-- list with `viewer` in it, or without; nil if nobody is left.
local function with(voters, viewer, on)
  local list = {}
  for _, voter in ipairs(voters or {}) do
    if voter ~= viewer then
      list[#list + 1] = voter
    end
  end
  if on then
    list[#list + 1] = viewer
  end
  return #list > 0 and list or nil
end

P:command("vote", function(_, call)
  local id = call.args.item
  if not exists(id) then
    return no_item()
  end
  if not call.viewer then
    return P.deny("nobody", "only viewers vote")
  end
  local total = 0
  for _, voters in pairs(P.shared.votes) do
    total = total + #voters
  end
  if call.args.on and total >= votes_max then
    return P.deny("full", "there are " .. votes_max .. " votes already")
  end
  P.shared.votes[id] = with(P.shared.votes[id], call.viewer, call.args.on)
  if P.shared.options.order == "votes" then
    place_by_votes(id)
  end
end)

P:on("leave", function(_, event)
  local changed = false
  for id, voters in pairs(P.shared.votes) do
    local left = with(voters, event.viewer, false)
    if not left or #left < #voters then
      P.shared.votes[id] = left
      changed = true
    end
  end
  if changed and P.shared.options.order == "votes" then
    order_by_votes()
  end
end)

---- Commands --------------------------------------------------------------------------------------------------------

-- Why another item by `viewer` has no place, if it has none.
local function refusal_of(url, title, viewer)
  if #P.shared.items >= P.settings.length_max then
    return P.deny("full", "the queue holds " .. P.settings.length_max .. " items")
  end
  local bytes, own = item_bytes + #url + #title, 0
  for _, _, item in P.shared.items:each() do
    bytes = bytes + item_bytes + #item.url + #item.title
    own = own + (viewer and item.by == viewer and 1 or 0)
  end
  if own >= P.settings.per_viewer_max then
    return P.deny("full", "you have " .. own .. " items in the queue already")
  end
  if bytes > items_bytes_max then
    return P.deny("full", "the addresses and titles in the queue are too long for one more")
  end
end

P:command("add", function(room, call)
  local args = call.args
  local kind = args.kind or kind_of(args.url)
  local title = args.title or ""
  if not is_address(args.url, kind) then
    return P.deny("address", "a media address starts with http:// or https://, or is a path of this server")
  end
  local denial = refusal_of(args.url, title, call.viewer)
  if denial then
    return denial
  end
  local by_votes = P.shared.options.order == "votes"
  local id = P.shared.items:add({
    kind = kind,
    url = args.url,
    title = title,
    by = call.viewer,
    by_name = call.viewer and room:viewer(call.viewer).name or "",
    tick = room.tick,
  }, args.next and not by_votes and 1 or nil)
  if by_votes then
    place_by_votes(id)
  end
  local may_play = call.viewer == nil or room:may(call.viewer, "queue.play")
  if P.settings.start_when_idle and may_play and is_idle(room) then
    start(room, id)
  end
  return { item = id }
end)

P:command("remove", function(room, call)
  local item = P.shared.items:get(call.args.item)
  if not item then
    return no_item()
  end
  local own = call.viewer == nil or item.by == call.viewer
  if not own then
    local may, reason = room:may(call.viewer, "queue.edit")
    if not may then
      return P.deny("not_yours", "somebody else added this: " .. reason)
    end
  end
  P.shared.items:remove(call.args.item)
  P.shared.votes[call.args.item] = nil
end)

P:command("clear", function()
  P.shared.items:clear()
  P.shared.votes = {}
end)

P:command("play", function(room, call)
  if not exists(call.args.item) then
    return no_item()
  end
  start(room, call.args.item)
end)

P:command("next", function(room, call)
  local current = P.shared.current
  local skipped = call.args.current
  if wanted(room) or (skipped and (not current or current.item ~= skipped)) then
    return P.deny("stale", "the next item is on its way already")
  end
  local first = P.shared.items:at(1)
  local media = room.media
  if first then
    start(room, first)
  elseif current and P.shared.options.loop == "all" then
    restart(room)
  elseif media and media.duration_s and media.duration_s > 0 then
    room:seek(media.duration_s)
  else
    return P.deny("empty", "nothing is in the queue")
  end
end)

P:command("set", function(_, call)
  local options = P.shared.options
  for name, value in pairs(call.args) do
    options[name] = value
  end
  P.shared.options = options
  if options.order == "votes" then
    order_by_votes()
  end
  if not options.advance then
    stop_gap()
  end
end)

P:on("started", function(room)
  P.shared.options = P.shared.options
    or { advance = P.settings.advance, gap_s = P.settings.gap_s, loop = P.settings.loop, order = P.settings.order }
  -- What was loaded while we could not be told is not ours.
  local current = P.shared.current
  if current and (not room.media or room.media.instance ~= current.media) then
    P.shared.current = nil
  end
  P.saved.wanted = nil
  if P.shared.next_tick and not P:due_in("advance") then
    P.shared.next_tick = nil
    P:after(P.shared.options.gap_s, "advance")
  end
end)
