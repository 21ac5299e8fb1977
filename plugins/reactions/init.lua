local P = ...

-- Ten thousand viewers may react within a second: what runs for each is short, and all of them become one event.

local is_choice = {}
for _, emoji in ipairs(P.settings.choices) do
  is_choice[emoji] = true
end

local places_max = 32
local moments_max = 300
local moments_told_s = 2 -- the count by moment is state, and need not be exact to the tick

local counts, places = {}, {} -- since the last burst
local waiting = {} -- moment -> how many, not yet in P.shared.moments

P:signal("react", function(room, call)
  local args = call.args
  if not is_choice[args.emoji] or not room:may(call.viewer, "reactions.react") then
    return
  end
  counts[args.emoji] = (counts[args.emoji] or 0) + 1
  if args.x and args.y and #places < places_max then
    places[#places + 1] = { emoji = args.emoji, x = args.x, y = args.y }
  end
  if not P:due_in("burst") then
    P:after(P.settings.gather_s, "burst")
  end
end)

P:on_timer("burst", function(room)
  local total = 0
  for _, count in pairs(counts) do
    total = total + count
  end
  if total == 0 then
    return -- gathered by code that has been replaced since
  end
  local media = room.media
  P:emit("burst", {
    counts = counts,
    places = places,
    position_s = media and room.position_s or 0,
    media = media and media.instance or 0,
  })
  counts, places = {}, {}
  if media then
    local moment = math.floor(room.position_s / P.settings.moment_s)
    waiting[moment] = (waiting[moment] or 0) + total
    if not P:due_in("moments") then
      P:after(moments_told_s, "moments")
    end
  end
end)

P:on_timer("moments", function()
  for moment, count in pairs(waiting) do
    local before = P.shared.moments[moment]
    if before or #P.shared.moments < moments_max then
      P.shared.moments[moment] = (before or 0) + count
    end
  end
  waiting = {}
end)

P:on("loaded", function()
  waiting = {}
  P.shared.moments = {}
end)

P:on("started", function()
  P.shared.choices = P.settings.choices
  if P.shared.moment_s ~= P.settings.moment_s then
    P.shared.moments = {} -- they were counted by another length
    P.shared.moment_s = P.settings.moment_s
  end
end)
