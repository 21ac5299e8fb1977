-- Scripts that hide in coroutines. See loops.lua for how to read this.

--- a loop in a coroutine: instructions
coroutine.resume(coroutine.create(function() while true do end end))
escaped = true

--- a loop in a wrapped coroutine: instructions
coroutine.wrap(function() while true do end end)()
escaped = true

--- a coroutine that yields for ever: instructions
local co = coroutine.wrap(function() while true do coroutine.yield() end end)
while true do co() end

--- coroutines too short to be looked at: instructions
while true do coroutine.wrap(function() for _ = 1, 60 do end end)() end

--- coroutines inside coroutines: error
local function f() return coroutine.wrap(f)() end
f()
while true do end

--- coroutines inside protected calls inside coroutines: limit
local function f() pcall(coroutine.wrap(function() pcall(f) while true do end end)) end
f()
escaped = true

--- a handler that loops inside a coroutine that loops: instructions
coroutine.wrap(function()
  xpcall(function() while true do end end, function() while true do end end)
end)()
escaped = true

--- coroutines until there is no memory: limit
all = all or {}
while true do all[#all + 1] = coroutine.create(function() coroutine.yield() end) coroutine.resume(all[#all]) end

--- coroutines with deep stacks, kept: limit
all = all or {}
local function deep(n) if n == 0 then coroutine.yield() end return 1 + deep(n - 1) end
while true do
  local co = coroutine.create(deep)
  all[#all + 1] = co
  coroutine.resume(co, 3000)
end

--- a coroutine kept over the ticks that loops when it is resumed: instructions
co = co or coroutine.create(function() while true do coroutine.yield() for _ = 1, 1e9 do end end end)
coroutine.resume(co)
coroutine.resume(co)
while true do end

--- a yield across sort: error
coroutine.wrap(function() table.sort({2, 1}, function() coroutine.yield() end) end)()

--- a yield across gsub: error
coroutine.wrap(function() ("x"):gsub(".", coroutine.yield) end)()

--- a yield across tostring: error
coroutine.wrap(function() tostring(setmetatable({}, {__tostring = coroutine.yield})) end)()

--- a yield across pairs: error
coroutine.wrap(function() for _ in pairs(setmetatable({}, {__pairs = coroutine.yield})) do end end)()

--- a yield out of the hook itself: error
coroutine.yield()

--- a coroutine that resumes itself: error
local co
co = coroutine.wrap(function() return co() end)
co()

--- a coroutine that closes itself and the main one: error
local main = coroutine.running()
pcall(coroutine.close, main)
coroutine.wrap(function() coroutine.close(coroutine.running()) end)()

--- closing coroutines in a loop: instructions
while true do
  local co = coroutine.create(function() coroutine.yield() end)
  coroutine.resume(co)
  coroutine.close(co)
end

--- a closed coroutine with something to close: error
-- __close would run where hooks are off.
local co = coroutine.create(function()
  local t <close> = setmetatable({}, {__close = function() while true do end end})
  coroutine.yield()
end)
assert(coroutine.resume(co))
coroutine.close(co)

--- passing very many values in and out: limit
local function many(n, ...) if n == 0 then return coroutine.yield(...) end return many(n - 1, 1, 2, 3, 4, 5, 6, 7, 8, ...) end
while true do
  local co = coroutine.wrap(many)
  co(1000)
  co()
end
