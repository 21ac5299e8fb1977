-- Scripts that catch the end of their budget, or hide in an error. See loops.lua for how to read this.

--- pcall around an endless loop: instructions
pcall(function() while true do end end)
escaped = true

--- pcall around pcall around a loop: instructions
pcall(pcall, pcall, function() while true do end end)
escaped = true

--- pcall in a loop: instructions
while true do pcall(function() while true do end end) end

--- xpcall around a loop: instructions
xpcall(function() while true do end end, function() end)
escaped = true

--- a message handler that loops: instructions
xpcall(error, function() while true do end end)
escaped = true

--- a message handler that loops at the end of the budget: instructions
xpcall(function() while true do end end, function() while true do end end)
escaped = true

--- a message handler that fails in itself: fine
xpcall(error, function() error() end)
xpcall(error, function() local _ = nil + 1 end)

--- message handlers inside each other: instructions
local function f() xpcall(f, f) while true do end end
f()

--- a message handler that recurses: any
local function h() return xpcall(error, h) end
xpcall(error, h)

--- errors in a loop: instructions
while true do pcall(error, "x") end

--- errors with long texts in a loop: instructions
local s = ("x"):rep(8000)
while true do pcall(error, s .. "y") end

--- an error object whose text is a loop: error
error(setmetatable({}, {__tostring = function() while true do end end}))

--- an error object whose text is an error: error
error(setmetatable({}, {__tostring = function(e) error(e) end}))

--- an error object whose name is an error: error
error(setmetatable({}, {__name = setmetatable({}, {__tostring = error}), __index = error}))

--- an error object that holds itself: error
local e = {}
e.e = e
error(e)

--- an error that is a function, a number, nothing: error
local kind = {print or error, 7, nil}
n = ((n or 0) % 3) + 1
error(kind[n])

--- an error with a text of bytes that are no text: error
error("\xff\xfe\0\27[31m\n" .. ("\0"):rep(7000), 0)

--- an error far down in the stack: error
local function f(n) if n == 0 then error("deep") end return 1 + f(n - 1) end
f(5000)

--- a stack overflow that is caught again and again: limit
while true do pcall(function() local function f() return 1 + f() end f() end) end

--- a C stack overflow that is caught again and again: instructions
local function f() return pcall(f) end
while true do
  local m = {}
  m.__index = function(t, k) return setmetatable({}, m)[k] end
  pcall(function() return setmetatable({}, m).x end)
end

--- an assertion with a table for a message: error
assert(false, setmetatable({}, {__tostring = error}))

--- errors in a function as long as can be, where finding the name takes longest: instructions
-- The name of what failed is looked for from the start of the function that failed.
local function fails(n)
  if n > 0 then goto last end
  do
    local a, b, c, d = 1, 2, 3, 4
    a = b + c + d b = a + c + d c = a + b + d d = a + b + c a = b + c + d b = a + c + d c = a + b + d d = a + b + c
    a = b + c + d b = a + c + d c = a + b + d d = a + b + c a = b + c + d b = a + c + d c = a + b + d d = a + b + c
    a = b + c + d b = a + c + d c = a + b + d d = a + b + c a = b + c + d b = a + c + d c = a + b + d d = a + b + c
    a = b + c + d b = a + c + d c = a + b + d d = a + b + c a = b + c + d b = a + c + d c = a + b + d d = a + b + c
  end
  ::last::
  return undefined_name.field
end
while true do pcall(fails, 1) end
