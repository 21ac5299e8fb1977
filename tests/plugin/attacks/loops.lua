-- Scripts that want to run for ever. Each part is one attack: "--- name: how it must end", then its code, which is
-- called once a tick for six ticks in one environment.
--   instructions, memory, error   at least one call fails in that way, and none in another
--   limit                         at least one call fails, by instructions or memory or time
--   fine                          no call fails (with a clock it may take too long)
--   any                           only ends
-- Whatever the end, a script that gets past its own trap sets `escaped`, which fails the test.

--- an endless loop: instructions
while true do end

--- a loop without a body to hook: instructions
::again:: goto again

--- a repeat that never comes true: instructions
repeat until false

--- a numeric loop to infinity: instructions
for _ = 1, math.huge do end

--- a numeric loop over all integers: instructions
for _ = math.mininteger, math.maxinteger do end

--- an iterator that never ends: instructions
for _ in function() return 1 end do end

--- tail calls without end: instructions
local function f() return f() end
f()

--- mutual tail calls through pcall: limit
local f
f = function() return pcall(f) end
f()
while true do end

--- recursion without end: limit
local function f() return 1 + f() end
f()

--- recursion with growing arguments: limit
local function f(...) return f(1, ...) end
f()

--- recursion through a metamethod: error
local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end})
do return t[1] end

--- recursion through tostring: error
local m = {}
m.__tostring = function(t) return tostring(setmetatable({}, m)) end
do return tostring(setmetatable({}, m)) end

--- recursion through string.format: error
local m = {}
m.__tostring = function(t) return string.format("%s", setmetatable({}, m)) end
do return tostring(setmetatable({}, m)) end

--- recursion through gsub: error
local function f(s) return (s:gsub(".", f)) end
f("x")

--- recursion through sort: error
local function f() table.sort({1, 2}, f) end
f()

--- many small functions that each loop a little: instructions
while true do (function() for _ = 1, 50 do end end)() end

--- a loop that allocates all the time: instructions
while true do local _ = {} end

--- a loop that makes closures all the time: instructions
while true do local _ = function() return _ENV end end

--- a loop that makes texts all the time: instructions
local i = 0
while true do i = i + 1 local _ = "key " .. i end

--- a loop in the length of something: instructions
local t = setmetatable({}, {__len = function() while true do end end})
do return #t end
