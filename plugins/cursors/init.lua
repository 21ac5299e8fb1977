local P = ...

-- Pointers are events: whoever joins a second later sees them move soon enough. Each is kept until the next telling, so
-- that of many moves of one pointer only the last is told.

local moved, gone = {}, {} -- viewer -> { viewer, x, y }; viewer -> true
local shown = {} -- whose pointer pages have

local function tell_soon()
  if not P:due_in("moved") then
    P:after(1 / P.settings.hz, "moved")
  end
end

local function hide(viewer)
  moved[viewer] = nil
  if shown[viewer] then
    shown[viewer] = nil
    gone[viewer] = true
    tell_soon()
  end
end

local function rounded(part)
  return math.floor(part * 10000 + 0.5) / 10000
end

P:signal("point", function(room, call)
  if not P.shared.on or not room:may(call.viewer, "cursors.point") then
    return
  end
  moved[call.viewer] = { viewer = call.viewer, x = rounded(call.args.x), y = rounded(call.args.y) }
  gone[call.viewer] = nil
  tell_soon()
end)

P:signal("hide", function(_, call)
  hide(call.viewer)
end)

P:on_timer("moved", function()
  local cursors, left = {}, {}
  for viewer, cursor in pairs(moved) do
    shown[viewer] = true
    cursors[#cursors + 1] = cursor
  end
  for viewer in pairs(gone) do
    left[#left + 1] = viewer
  end
  moved, gone = {}, {}
  if #cursors + #left > 0 then
    P:emit("moved", { cursors = cursors, gone = left })
  end
end)

local function count(room)
  P.shared.on = room:viewer_count() <= P.settings.viewers_max
  if not P.shared.on then
    moved, gone, shown = {}, {}, {} -- pages take all of them off
  end
end

P:on("join", count)
P:on("leave", function(room, event)
  hide(event.viewer)
  count(room)
end)
P:on("lost", function(_, event)
  hide(event.viewer)
end)

P:on("started", function(room)
  P.shared.hz = P.settings.hz
  count(room)
end)
