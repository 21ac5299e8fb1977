local P = ...

---- Away ------------------------------------------------------------------------------------------------------------

-- What each viewer is, a letter a viewer, in texts of 256 viewers: a table has at most a few hundred keys, a room ten
-- thousand viewers. Viewer ids are small and grow by one.
local letter = { here = ".", hidden = "h", away = "a", away_by_hand = "b", lost = "l" }
local per_text = 256
local texts = {}

local function state_of(viewer)
  local text = texts[viewer // per_text]
  local at = viewer % per_text + 1
  return text and #text >= at and text:sub(at, at) or letter.here
end

local function is_away(state)
  return state == letter.away or state == letter.away_by_hand
end

local away_count, lost_count = 0, 0

local function tell_counts(room)
  local here = room:viewer_count()
  P.shared.counts = { here = here, active = math.max(0, here - away_count - lost_count), away = away_count }
end

local function set_state(room, viewer, state)
  local before = state_of(viewer)
  if before == state then
    return
  end
  local number, at = viewer // per_text, viewer % per_text + 1
  local text = texts[number] or ""
  text = text .. letter.here:rep(at - #text)
  text = text:sub(1, at - 1) .. state .. text:sub(at + 1)
  texts[number] = text:find("[^.]") and text or nil -- what says nothing of anyone is not kept

  away_count = away_count + (is_away(state) and 1 or 0) - (is_away(before) and 1 or 0)
  lost_count = lost_count + (state == letter.lost and 1 or 0) - (before == letter.lost and 1 or 0)
  if not is_away(state) then
    P.shared.away[viewer] = nil
  elseif P.shared.away[viewer] or #P.shared.away < 200 then
    P.shared.away[viewer] = { since_tick = room.tick, by_hand = state == letter.away_by_hand }
  end
end

-- A page that is hidden only for a moment is no matter. Whoever is in the older of two lists when the timer fires has
-- been hidden for away_after_s at least, and for less than twice that.
local newly_hidden, long_hidden = {}, {}

local function expect_hidden()
  if not P:due_in("hidden") then
    P:after(P.settings.away_after_s, "hidden")
  end
end

P:on_timer("hidden", function(room)
  for _, viewer in ipairs(long_hidden) do
    if state_of(viewer) == letter.hidden then
      set_state(room, viewer, letter.away)
    end
  end
  long_hidden, newly_hidden = newly_hidden, {}
  if #long_hidden > 0 then
    expect_hidden()
  end
  tell_counts(room)
end)

local function see(room, viewer, hidden)
  local state = state_of(viewer)
  if state == letter.away_by_hand or state == letter.lost then
    return -- a shown page does not say that its viewer is back
  end
  if not hidden then
    set_state(room, viewer, letter.here)
  elseif state == letter.here and P.settings.away_after_s == 0 then
    set_state(room, viewer, letter.away)
  elseif state == letter.here then
    set_state(room, viewer, letter.hidden)
    newly_hidden[#newly_hidden + 1] = viewer
    expect_hidden()
  end
end

P:on("condition", function(room, event)
  see(room, event.viewer, event.away)
  tell_counts(room)
end)

P:command("away", function(room, call)
  if not call.viewer then
    return P.deny("nobody", "only a viewer can be away")
  end
  set_state(room, call.viewer, call.args.on and letter.away_by_hand or letter.here)
  tell_counts(room)
end)

P:on("lost", function(room, event)
  set_state(room, event.viewer, letter.lost)
  tell_counts(room)
end)

P:on("returned", function(room, event)
  set_state(room, event.viewer, letter.here)
  tell_counts(room)
end)

---- Coming and going ------------------------------------------------------------------------------------------------

local told_max = 8
local joined, left = {}, {} -- lists of { viewer, name }
local joined_more, left_more = 0, 0

local function tell_soon()
  if not P:due_in("tell") then
    P:after(P.settings.gather_s, "tell")
  end
end

P:on_timer("tell", function()
  if #joined + #left + joined_more + left_more > 0 then
    P:emit("came_and_went", { joined = joined, joined_more = joined_more, left = left, left_more = left_more })
  end
  joined, left, joined_more, left_more = {}, {}, 0, 0
end)

P:on("join", function(room, event)
  if #joined < told_max then
    joined[#joined + 1] = { viewer = event.viewer, name = event.name }
  else
    joined_more = joined_more + 1
  end
  tell_soon()
  tell_counts(room)
end)

P:on("leave", function(room, event)
  set_state(room, event.viewer, letter.here)
  tell_counts(room)
  for index, person in ipairs(joined) do
    if person.viewer == event.viewer then
      table.remove(joined, index) -- came and went before anybody was told
      return
    end
  end
  if #left < told_max then
    left[#left + 1] = { viewer = event.viewer, name = event.name }
  else
    left_more = left_more + 1
  end
  tell_soon()
end)

---- The roster, page by page ----------------------------------------------------------------------------------------

-- What a row takes of an answer, no less than the engine counts; an answer has eight kilobytes at most.
local row_bytes, role_bytes, page_bytes_max = 230, 40, 7600

P:command("page", function(room, call)
  local limit = call.args.limit or 50
  local rows = room:viewers(call.args.after, limit)
  local viewers, bytes = {}, 0
  for _, row in ipairs(rows) do
    local roles = {}
    for role in pairs(row.roles) do
      roles[#roles + 1] = role
    end
    bytes = bytes + row_bytes + #row.name + role_bytes * #roles
    if bytes > page_bytes_max then
      break
    end
    viewers[#viewers + 1] = {
      id = row.id,
      name = row.name,
      roles = roles,
      connected = row.connected,
      away = is_away(state_of(row.id)),
    }
  end
  local is_last = #viewers == #rows and #rows < limit
  return {
    viewers = viewers,
    total = room:viewer_count(),
    next = not is_last and viewers[#viewers].id or nil,
  }
end)

---- Starting --------------------------------------------------------------------------------------------------------

-- A room that is there already is looked through a page a tick.
local function look_through(room, after)
  local rows = room:viewers(after, 200)
  for _, row in ipairs(rows) do
    local known = P.shared.away[row.id]
    if not row.connected then
      set_state(room, row.id, letter.lost)
    elseif known and known.by_hand then
      set_state(room, row.id, letter.away_by_hand)
    elseif row.away then
      set_state(room, row.id, letter.away)
    end
  end
  if #rows == 200 then
    P:after(0.05, "look", { after = rows[200].id })
  end
  tell_counts(room)
end

P:on_timer("look", function(room, data)
  look_through(room, data.after)
end)

P:on("started", function(room)
  for viewer, away in pairs(P.shared.away) do
    if not away.by_hand or not room:viewer(viewer) then
      P.shared.away[viewer] = nil
    end
  end
  look_through(room)
end)
