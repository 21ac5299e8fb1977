local P = ...

-- Permissions are a table that everyone sees: this plugin writes one rule for each that is restricted, so that a page
-- shows what its viewer may not do, and why. A rule is enforced before any plugin is asked.

local roles_of = {
  member = { "member", "host", "cohost", "moderator", "owner" },
  host = { "host", "cohost", "moderator", "owner" },
  moderator = { "moderator", "owner" },
  owner = { "owner" },
}
local reason_of = {
  member = "only members",
  host = "only the host",
  moderator = "only moderators",
  owner = "only the owner",
}
-- Without these, anyone could make themselves a moderator. The settings' `who` goes on top.
local who_at_first = {
  ["roles.grant"] = "moderator",
  ["roles.kick"] = "moderator",
  ["roles.ban"] = "moderator",
  ["roles.mute"] = "moderator",
  ["roles.permit"] = "owner",
}

local is_covered_by_mute = {}
for _, permission in ipairs(P.settings.mute_covers) do
  is_covered_by_mute[permission] = true
end

local function write_rule(room, permission)
  local who = P.shared.who[permission]
  local muted = is_covered_by_mute[permission]
  if not who and not muted then
    return room:permit(permission, nil)
  end
  local reason = who and reason_of[who]
  if muted then
    reason = reason and reason .. ", and nobody who is muted" or "you are muted"
  end
  room:permit(permission, {
    roles = who and roles_of[who] or "anyone",
    except = muted and { "muted" } or nil,
    reason = reason,
  })
end

local function write_rules(room)
  for permission in pairs(is_covered_by_mute) do
    write_rule(room, permission)
  end
  for permission in pairs(P.shared.who) do
    write_rule(room, permission)
  end
end

-- Nobody acts against those who stand as high as themselves.
local function rank(room, viewer)
  return room:has(viewer, "owner") and 3 or room:has(viewer, "moderator") and 2 or room:has(viewer, "member") and 1 or 0
end

local function is_owner(room, call)
  return call.viewer == nil or room:has(call.viewer, "owner") -- other plugins are trusted
end

-- The viewer an action is against, or why it cannot be.
local function target_of(room, call)
  local target = room:viewer(call.args.viewer)
  if not target then
    return nil, P.deny("not_here", "there is no such viewer here")
  end
  if call.viewer == target.id then
    return nil, P.deny("oneself", "this cannot be done to oneself")
  end
  if call.viewer and rank(room, call.viewer) <= rank(room, target.id) then
    return nil, P.deny("rank", target.name .. " stands as high as you do")
  end
  return target
end

local function name_of(room, viewer)
  local row = viewer and room:viewer(viewer)
  return row and row.name or ""
end

local function note(room, call, action, name, reason)
  P.shared.log:push({
    tick = room.tick,
    by_name = name_of(room, call.viewer),
    action = action,
    name = name,
    reason = reason or "",
  })
end

---- Roles -----------------------------------------------------------------------------------------------------------

local function make_owner(room, viewer)
  P.saved.owners[viewer] = true -- noted now: the role itself is there only after this hook
  room:grant(viewer, "owner")
end

local function find_owner(room)
  if P.settings.owner_if_none == "nobody" or #P.saved.owners > 0 then
    return
  end
  for _, row in ipairs(room:viewers(nil, 50)) do -- in the order in which they came
    if row.connected then
      return make_owner(room, row.id)
    end
  end
end

P:command("grant", function(room, call)
  local role = call.args.role
  local target = room:viewer(call.args.viewer)
  if not target then
    return P.deny("not_here", "there is no such viewer here")
  end
  if role ~= "member" and not is_owner(room, call) then
    return P.deny("only_owner", "only the owner makes owners and moderators")
  end
  room:grant(target.id, role)
  note(room, call, "grant", target.name, role)
end)

P:command("revoke", function(room, call)
  local role = call.args.role
  local target = room:viewer(call.args.viewer)
  if target and call.viewer ~= target.id then -- stepping down is everyone's own affair
    local _, denial = target_of(room, call)
    if denial then
      return denial
    end
  end
  if not target or not target.roles[role] then
    return P.deny("not_here", "there is no such viewer here who has this role")
  end
  room:revoke(target.id, role)
  note(room, call, "revoke", target.name, role)
end)

P:command("permit", function(room, call)
  local permission, who = call.args.permission, call.args.who
  if who == "anyone" and permission:sub(1, 6) == "roles." then
    return P.deny("too_much", "then anyone could take the room over")
  end
  if #P.shared.who == 64 and not P.shared.who[permission] then
    return P.deny("full", "64 permissions are restricted already")
  end
  P.shared.who[permission] = who ~= "anyone" and who or nil
  write_rule(room, permission)
  note(room, call, "permit", permission, who)
end)

---- Kick, ban, mute -------------------------------------------------------------------------------------------------

local function tick_in(room, seconds)
  return room.tick + math.floor(seconds / room.tick_s + 0.5)
end

-- One timer, for the mute or ban that ends first.
local function expect_end(room)
  local first
  for _, mute in pairs(P.shared.mutes) do
    if mute.until_tick and (not first or mute.until_tick < first) then
      first = mute.until_tick
    end
  end
  for _, _, ban in P.shared.bans:each() do
    if not first or ban.until_tick < first then
      first = ban.until_tick
    end
  end
  if first then
    P:after(math.max(0, (first - room.tick) * room.tick_s), "over")
  else
    P:cancel("over")
  end
end

local function unmute(room, viewer)
  P.shared.mutes[viewer] = nil
  room:revoke(viewer, "muted")
end

P:on_timer("over", function(room)
  for viewer, mute in pairs(P.shared.mutes) do
    if mute.until_tick and mute.until_tick <= room.tick then
      unmute(room, viewer)
    end
  end
  local over = {}
  for _, id, ban in P.shared.bans:each() do
    if ban.until_tick <= room.tick then
      over[#over + 1] = id
    end
  end
  for _, id in ipairs(over) do
    P.shared.bans:remove(id) -- the engine lets them in again by itself
  end
  expect_end(room)
end)

P:command("kick", function(room, call)
  local target, denial = target_of(room, call)
  if denial then
    return denial
  end
  room:kick(target.id, call.args.reason or "")
  note(room, call, "kick", target.name, call.args.reason)
end)

P:command("ban", function(room, call)
  local target, denial = target_of(room, call)
  if denial then
    return denial
  end
  local seconds = call.args.seconds or P.settings.ban_s
  if #P.shared.bans == 100 then
    P.shared.bans:remove((P.shared.bans:at(1))) -- it holds on, but can no longer be lifted from the list
  end
  P.shared.bans:add({
    viewer = target.id,
    name = target.name,
    by_name = name_of(room, call.viewer),
    reason = call.args.reason or "",
    until_tick = tick_in(room, seconds),
  })
  room:ban(target.id, seconds, call.args.reason or "")
  note(room, call, "ban", target.name, call.args.reason)
  expect_end(room)
end)

P:command("unban", function(room, call)
  local ban = P.shared.bans:get(call.args.ban)
  if not ban then
    return P.deny("no_ban", "there is no such ban; it may be over")
  end
  P.shared.bans:remove(call.args.ban)
  room:unban(tostring(ban.viewer))
  note(room, call, "unban", ban.name)
  expect_end(room)
end)

P:command("mute", function(room, call)
  local target, denial = target_of(room, call)
  if denial then
    return denial
  end
  if #P.shared.mutes == 100 and not P.shared.mutes[target.id] then
    return P.deny("full", "100 viewers are muted already")
  end
  P.shared.mutes[target.id] = {
    by_name = name_of(room, call.viewer),
    reason = call.args.reason or "",
    until_tick = call.args.seconds and tick_in(room, call.args.seconds) or nil,
  }
  room:grant(target.id, "muted")
  note(room, call, "mute", target.name, call.args.reason)
  expect_end(room)
end)

P:command("unmute", function(room, call)
  if not P.shared.mutes[call.args.viewer] then
    return P.deny("not_muted", "this viewer is not muted")
  end
  unmute(room, call.args.viewer)
  note(room, call, "unmute", name_of(room, call.args.viewer))
  expect_end(room)
end)

---- Coming and going ------------------------------------------------------------------------------------------------

P:on("started", function(room)
  if not P.saved.opened then
    for permission, who in pairs(who_at_first) do
      P.shared.who[permission] = who
    end
    for permission, who in pairs(P.settings.who) do
      P.shared.who[permission] = who ~= "anyone" and who or nil
    end
    P.saved.opened = true
  end
  write_rules(room)
  -- Who has gone while this plugin could not be asked.
  for viewer in pairs(P.saved.owners) do
    if not room:has(viewer, "owner") then
      P.saved.owners[viewer] = nil
    end
  end
  for viewer in pairs(P.shared.mutes) do
    if not room:viewer(viewer) then
      P.shared.mutes[viewer] = nil
    end
  end
  find_owner(room)
  expect_end(room)
end)

P:on("join", function(room, event)
  if room:has(event.viewer, "owner") then
    P.saved.owners[event.viewer] = true
  end
  find_owner(room)
end)

P:on("leave", function(room, event)
  P.shared.mutes[event.viewer] = nil
  P.saved.owners[event.viewer] = nil
  find_owner(room)
end)

P:on("roles", function(room, event)
  P.saved.owners[event.viewer] = room:has(event.viewer, "owner") or nil
  find_owner(room)
end)
