-- The T that a test.lua gets (plugins/README.md, "Testing"). It only shapes and compares: rooms live in C++
-- (test_room.hpp) and are reached through `host(method, room, args)`, which gives a value, or nil and what was wrong.
local host = ...

local T = {}
local tests = {}

-- Ends the test with the line of test.lua that led here. Levels of error() would not do: tail calls leave none.
local function fail(message)
    error(host("where") .. message, 0)
end

local function ask(method, ...)
    local value, problem = host(method, ...)
    if problem ~= nil then
        fail(problem)
    end
    return value
end

local function expect_type(value, wanted, what)
    if type(value) ~= wanted then
        fail(what .. " is a " .. wanted .. ", not a " .. type(value))
    end
end

---- Comparing and showing -------------------------------------------------------------------------------------------

local shown_characters_max = 160
local differences_max = 6

local function is_name(key)
    return type(key) == "string" and host("is_name", key)
end

local function show(value, depth)
    local kind = type(value)
    if kind == "string" then
        return host("quote", value)
    elseif kind ~= "table" then
        return tostring(value)
    elseif depth == 0 then
        return "{...}"
    end
    local parts, listed = {}, 0
    for index, item in ipairs(value) do
        parts[#parts + 1] = show(item, depth - 1)
        listed = index
    end
    for key, item in pairs(value) do
        if not (math.type(key) == "integer" and key >= 1 and key <= listed) then
            local name = is_name(key) and key or "[" .. show(key, 1) .. "]"
            parts[#parts + 1] = name .. " = " .. show(item, depth - 1)
        end
    end
    if #parts == 0 then
        return "{}"
    end
    return "{ " .. table.concat(parts, ", ") .. " }"
end

local function shown(value)
    if value == nil then
        return "nothing"
    end
    for depth = 8, 1, -1 do
        local text = show(value, depth)
        if #text <= shown_characters_max then
            return text
        end
    end
    local text = show(value, 1)
    return text:sub(1, shown_characters_max) .. "..."
end

local function path_to(path, key)
    if is_name(key) then
        return path == "" and key or path .. "." .. key
    end
    return path .. "[" .. show(key, 1) .. "]"
end

-- Appends "path: got X, want Y" for each place where the two differ.
local function compare(got, want, path, found, depth)
    if #found > differences_max or rawequal(got, want) then
        return
    end
    if type(got) ~= "table" or type(want) ~= "table" then
        if got ~= want then
            local place = path == "" and "" or path .. ": "
            found[#found + 1] = place .. "got " .. shown(got) .. ", want " .. shown(want)
        end
        return
    end
    if depth > 32 then
        fail("tables nested deeper than 32 cannot be compared")
    end
    for key, item in pairs(got) do
        compare(item, want[key], path_to(path, key), found, depth + 1)
    end
    for key, item in pairs(want) do
        if got[key] == nil then
            compare(nil, item, path_to(path, key), found, depth + 1)
        end
    end
end

local function is_reply(value)
    return type(value) == "table" and rawget(value, "verdict") ~= nil
end

local function said(message)
    return message == nil and "" or tostring(message) .. ": "
end

-- T.eq(got, want [, message])
function T.eq(got, want, message)
    local found = {}
    compare(got, want, "", found, 0)
    if #found == 0 then
        return
    end
    local text = #found == 1 and found[1] or "\n    " .. table.concat(found, "\n    ", 1, math.min(#found, differences_max))
    if #found > differences_max then
        text = text .. "\n    ... and more"
    end
    fail(said(message) .. text)
end

-- T.near(got, want, within [, message])
function T.near(got, want, within, message)
    for what, value in pairs({ got = got, want = want, within = within }) do
        expect_type(value, "number", "T.near: " .. what)
    end
    if math.abs(got - want) > within then
        fail(said(message) .. "got " .. got .. ", want " .. want .. " give or take " .. within)
    end
end

-- T.ok(value [, message]): true, or anything that is there; a reply has to be an applied one.
function T.ok(value, message)
    if is_reply(value) and value.verdict ~= "applied" then
        fail(said(message) .. "got " .. shown(value) .. ", want an applied command")
    elseif not value then
        fail(said(message) .. "got " .. shown(value) .. ", want something true")
    end
end

-- T.refused(reply [, reason]): the reason a plugin gave ("host_only"), or the engine's code ("rate_limited").
function T.refused(reply, reason)
    if not is_reply(reply) then
        fail("T.refused takes what a command returned, not " .. shown(reply))
    end
    if reply.verdict ~= "refused" or not (reason == nil or reply.reason == reason or reply.code == reason) then
        fail("got " .. shown(reply) .. ", want it refused" .. (reason and " with " .. shown(reason) or ""))
    end
end

-- T.error(fn [, pattern]) -> message
function T.error(fn, pattern)
    expect_type(fn, "function", "T.error: the first argument")
    local ok, message = pcall(fn)
    if ok then
        fail("got no error, want one" .. (pattern and " like " .. shown(pattern) or ""))
    end
    message = tostring(message)
    if pattern ~= nil and not message:find(pattern) then
        fail("got the error " .. shown(message) .. ", want one like " .. shown(pattern))
    end
    return message
end

-- T.fail(message)
function T.fail(message)
    fail(tostring(message))
end

-- T.test(sentence, function)
function T.test(name, run)
    expect_type(name, "string", "T.test: the name")
    expect_type(run, "function", "T.test: the second argument")
    for _, other in ipairs(tests) do
        if other.name == name then
            fail("there are two tests called " .. shown(name))
        end
    end
    tests[#tests + 1] = { name = name, run = run }
end

---- Shared state ----------------------------------------------------------------------------------------------------

-- Tables as the web SDK shows them, from {kind, entries = {{key, value}...}} for each field.
local shapes = {
    value = function(entries)
        return entries[1] and entries[1].value
    end,
    counter = function(entries)
        return entries[1] and entries[1].value or 0
    end,
    map = function(entries)
        local map = {}
        for _, entry in ipairs(entries) do
            map[entry.key] = entry.value
        end
        return map
    end,
    list = function(entries)
        local order, by_id, list = {}, {}, {}
        for _, entry in ipairs(entries) do
            if entry.key == nil then
                order = entry.value
            else
                by_id[entry.key] = entry.value
            end
        end
        for position, id in ipairs(order) do
            list[position] = { id = id, value = by_id[id] }
        end
        return list
    end,
    ring = function(entries)
        local ring = {}
        for position, entry in ipairs(entries) do
            ring[position] = { index = entry.key, value = entry.value }
        end
        return ring
    end,
}
shapes.set = shapes.map

local function shaped(plugins)
    local shared = {}
    for plugin, fields in pairs(plugins) do
        shared[plugin] = {}
        for field, content in pairs(fields) do
            shared[plugin][field] = shapes[content.kind](content.entries)
        end
    end
    return shared
end

-- An object whose fields are asked for when they are read, so that they are always of now.
local function object_of(what, methods, fields)
    return {
        __index = function(object, key)
            if methods[key] then
                return methods[key]
            end
            local read = fields[key]
            if read == nil then
                fail("a " .. what .. " has no field " .. shown(key))
            end
            return read(object)
        end,
        __newindex = function(_, key)
            fail("the field " .. shown(key) .. " of a " .. what .. " cannot be set")
        end,
    }
end

-- The one positional argument of most calls, under the name it has in C++.
local function call_of(method, parameter)
    return function(object, argument)
        local args = { viewer = rawget(object, "id") }
        if parameter then
            args[parameter] = argument
        end
        return ask(method, rawget(object, "room"), args)
    end
end

-- The same for one table with several.
local function table_call_of(method)
    return function(object, options)
        local args = { viewer = rawget(object, "id") }
        expect_type(options or {}, "table", "the argument of :" .. method)
        for key, value in pairs(options or {}) do
            args[key] = value
        end
        return ask(method, rawget(object, "room"), args)
    end
end

---- Viewers ---------------------------------------------------------------------------------------------------------

local row_of = call_of("viewer")

local function row_field(field)
    return function(viewer)
        return (row_of(viewer) or {})[field]
    end
end

local viewer_fields = {
    name = row_field("name"),
    connected = row_field("connected"),
    stalled = row_field("stalled"),
    away = row_field("away"),
    blocked = row_field("blocked"),
    roles = function(viewer)
        return (row_of(viewer) or {}).roles or {}
    end,
    here = function(viewer)
        return row_of(viewer) ~= nil
    end,
    gone = call_of("gone"), -- why it is no longer here: "left", "lost", "kicked", "banned"
}
function viewer_fields.shared(viewer)
    return shaped(ask("shared", rawget(viewer, "room"), { viewer = rawget(viewer, "id") }))
end

local viewer_methods = {
    play = call_of("play"),
    pause = call_of("pause", "seen_s"),
    seek = call_of("seek", "position_s"),
    set_rate = call_of("set_rate", "rate"),
    load = table_call_of("load"),
    rename = call_of("rename", "name"),
    condition = table_call_of("condition"),
    leave = call_of("leave"),
    lose = call_of("lose"),
    return_ = call_of("return"),
    events = call_of("viewer_events", "plugin"), -- that reached this viewer since it was last asked
}
function viewer_methods.command(viewer, plugin, name, args)
    return ask("command", rawget(viewer, "room"), { viewer = rawget(viewer, "id"), plugin = plugin, name = name, args = args })
end
function viewer_methods.signal(viewer, plugin, name, args)
    ask("signal", rawget(viewer, "room"), { viewer = rawget(viewer, "id"), plugin = plugin, name = name, args = args })
end
-- viewer:may(permission) -> true | false, reason: by the replicated table of permissions, as a page does it.
function viewer_methods.may(viewer, permission)
    local reason = ask("may", rawget(viewer, "room"), { viewer = rawget(viewer, "id"), permission = permission })
    if reason then
        return false, reason
    end
    return true
end

local viewer_class = object_of("viewer", viewer_methods, viewer_fields)

---- Rooms -----------------------------------------------------------------------------------------------------------

local facts = call_of("facts")
local room_fields = {}
for _, field in ipairs({ "playing", "position_s", "rate", "media", "tick", "time_s", "viewer_count" }) do
    room_fields[field] = function(room)
        return facts(room)[field]
    end
end
function room_fields.shared(room)
    return shaped(ask("shared", rawget(room, "room"), {}))
end

local room_methods = {
    ticks = call_of("ticks", "n"),
    run = call_of("run", "seconds"),
    late = call_of("late", "n"), -- one tick that stands for n
    wall = call_of("wall", "unix_s"),
    viewers = call_of("viewers"),
    events = call_of("events", "plugin"),
    errors = call_of("errors"),
    logs = call_of("logs"),
    bans = call_of("bans"),
    suspend = call_of("suspend", "plugin"),
}
function room_methods.viewer(room, id)
    return ask("viewer", rawget(room, "room"), { viewer = id })
end

local join = table_call_of("join")
-- room:join{ name, roles, device } -> viewer | nil, "banned"
function room_methods.join(room, about)
    local id = join(room, about)
    if id == nil then
        return nil, "banned"
    end
    return setmetatable({ room = rawget(room, "room"), id = id }, viewer_class)
end

local reload = table_call_of("reload")
-- room:reload{ plugins = { chat = { keep = 5 } }, sources = { chat = { code = "...", manifest = "..." } } }
-- -> true | false, why the old one stays
function room_methods.reload(room, changed)
    local problem = reload(room, changed)
    if problem then
        return false, problem
    end
    return true
end

local room_class = object_of("room", room_methods, room_fields)

-- T.room{ plugins, media, durations_s, wall_s, lead_s, seed, title, sources }
function T.room(options)
    expect_type(options or {}, "table", "the argument of T.room")
    return setmetatable({ room = ask("open", 0, options or {}) }, room_class)
end

return {
    T = T,
    names = function()
        local names = {}
        for index, test in ipairs(tests) do
            names[index] = test.name
        end
        return names
    end,
    run = function(index)
        tests[index].run()
    end,
}
