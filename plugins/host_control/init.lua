local P = ...

-- The remote is a role: "host" for the one who has it, "cohost" for those it is shared with. What goes with it is
-- written into the table of permissions, which holds even while this plugin cannot be asked. In the mode "vote" anyone
-- may press the buttons: it is the plugin `vote` that then asks the others.

local vote_is_out = false -- suspended, so that nobody could decide anything

-- Where there is nobody to count votes, the host decides.
local function mode_now()
  local mode = P.shared.mode
  if mode == "vote" and (vote_is_out or not P:read("vote")) then
    return "host"
  end
  return mode
end

local function is_playback(permission)
  return permission == "playback" or permission:sub(1, 9) == "playback."
end

local holders = { "host", "cohost" }
if P.settings.moderators_may then
  holders = { "host", "cohost", "moderator" }
end

local function write_rules(room)
  local mode = mode_now()
  for _, permission in ipairs(P.settings.covers) do
    if mode == "anyone" or (mode == "vote" and is_playback(permission)) then
      room:permit(permission, nil)
    else
      room:permit(permission, { roles = holders, reason = "only the host" })
    end
  end
  room:permit("host_control.manage", { roles = { "host", "owner" }, reason = "only the host" })
  room:permit("host_control.take", { roles = { "owner" }, reason = "only the owner" })
end

---- Who is the host -------------------------------------------------------------------------------------------------

local function share(room, viewer, on)
  P.shared.cohosts[viewer] = on or nil
  if on then
    room:grant(viewer, "cohost")
  else
    room:revoke(viewer, "cohost")
  end
end

local function set_host(room, viewer)
  local before = P.shared.host
  P.shared.handover = nil
  P:cancel("handover")
  if before == viewer then
    return
  end
  if before and room:viewer(before) then
    room:revoke(before, "host")
  end
  if viewer then
    if P.shared.cohosts[viewer] then
      share(room, viewer, false)
    end
    room:grant(viewer, "host")
  end
  P.shared.host = viewer
end

local function longest_present(room)
  for _, row in ipairs(room:viewers(nil, 200)) do -- in the order in which they came
    if row.connected then
      return row.id
    end
  end
end

-- The host has gone, perhaps to come back: the remote waits.
local function wait_for_host(room, name)
  if P.shared.handover then
    return
  end
  local grace_s = P.settings.grace_s
  P.shared.handover = { from_name = name, ends_tick = room.tick + math.floor(grace_s / room.tick_s + 0.5) }
  P:after(grace_s, "handover")
end

P:on_timer("handover", function(room)
  P.shared.handover = nil
  set_host(room, longest_present(room))
end)

-- Who becomes an owner takes over; one who is, and passes the remote on, does not take it back by that.
-- Kept with the room, and not here: a plugin that remembers nothing lets its room sleep.
local owners, owners_max = P.saved.owners, 200

local function owner_takes_over(room, viewer)
  local is_new, is_owner = not owners[viewer], room:has(viewer, "owner")
  owners[viewer] = is_owner and (not is_new or #owners < owners_max) or nil
  if not is_owner or not is_new or not P.settings.owner_takes_over then
    return
  end
  local host = P.shared.host
  if not (host and room:has(host, "owner")) then
    set_host(room, viewer)
  end
end

P:on("join", function(room, event)
  owner_takes_over(room, event.viewer)
  if not P.shared.host and not P.shared.handover then
    set_host(room, event.viewer)
  end
end)

P:on("roles", function(room, event)
  owner_takes_over(room, event.viewer)
end)

P:on("lost", function(room, event)
  if event.viewer == P.shared.host then
    local row = room:viewer(event.viewer)
    wait_for_host(room, row and row.name or "")
  end
end)

P:on("returned", function(room, event)
  if event.viewer == P.shared.host then
    P.shared.handover = nil
    P:cancel("handover")
  elseif not P.shared.host and not P.shared.handover then
    set_host(room, event.viewer) -- nobody was connected when the remote was passed on
  end
end)

P:on("leave", function(room, event)
  owners[event.viewer] = nil
  P.shared.cohosts[event.viewer] = nil
  if event.viewer ~= P.shared.host then
    return
  end
  P.shared.host = nil
  if event.why == "kicked" or event.why == "banned" then
    set_host(room, longest_present(room)) -- whoever was thrown out is not waited for
  else
    wait_for_host(room, event.name or "")
  end
end)

---- Commands --------------------------------------------------------------------------------------------------------

local function not_here()
  return P.deny("not_here", "there is no such viewer here")
end

P:command("hand_over", function(room, call)
  if not room:viewer(call.args.viewer) then
    return not_here()
  end
  set_host(room, call.args.viewer)
end)

P:command("take", function(room, call)
  if not call.viewer then
    return P.deny("nobody", "only a viewer can be the host")
  end
  set_host(room, call.viewer)
end)

P:command("cohost", function(room, call)
  local viewer, on = call.args.viewer, call.args.on
  if not room:viewer(viewer) then
    return not_here()
  end
  if viewer == P.shared.host then
    return P.deny("is_host", "the host has the remote already")
  end
  if on and not P.shared.cohosts[viewer] and #P.shared.cohosts == 50 then
    return P.deny("full", "there are 50 co-hosts already")
  end
  share(room, viewer, on)
end)

P:command("set_mode", function(room, call)
  if call.args.mode == "vote" and not P:read("vote") then
    return P.deny("no_vote", "this room has no votes")
  end
  P.shared.mode = call.args.mode
  write_rules(room)
end)

---- Starting, and others that stop ----------------------------------------------------------------------------------

P:on("started", function(room)
  P.shared.mode = P.shared.mode or P.settings.mode
  write_rules(room)
  for viewer in pairs(owners) do
    if not room:has(viewer, "owner") then
      owners[viewer] = nil
    end
  end
  for _, row in ipairs(room:viewers(nil, owners_max)) do
    if row.roles.owner and not owners[row.id] and #owners < owners_max then
      owners[row.id] = true
    end
  end
  for viewer in pairs(P.shared.cohosts) do
    if not room:viewer(viewer) then
      P.shared.cohosts[viewer] = nil
    end
  end
  local host = P.shared.host
  local row = host and room:viewer(host)
  if row and row.connected then
    P.shared.handover = nil -- it may have come back while we could not be told
  elseif row or P.shared.handover then
    P:after(P.settings.grace_s, "handover")
  else
    set_host(room, longest_present(room))
  end
end)

P:on("suspended", function(room, event)
  if event.plugin == "vote" then
    vote_is_out = true
    write_rules(room)
  end
end)

P:on("resumed", function(room, event)
  if event.plugin == "vote" then
    vote_is_out = false
    write_rules(room)
  end
end)
