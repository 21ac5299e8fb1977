-- Scripts that use metatables to run where nobody counts, or to see the collector. See loops.lua for how to read this.

--- a finalizer: error
setmetatable({}, {__gc = function() while true do end end})

--- a finalizer that is added later: instructions
local m = {}
setmetatable({}, m)
m.__gc = function() escaped = true end
rawset(m, "__gc", m.__gc)
for i = 1, 200 do if not pcall(setmetatable, {}, m) then setmetatable({}, {}) end end
while true do local _ = {} end

--- a weak table: error
setmetatable({}, {__mode = "k"})

--- a weak table that is made so later: instructions
local m = {}
cache = cache or setmetatable({}, m)
m.__mode = "kv"
for i = 1, 20 do cache[i] = cache[i] or {} end
for i = 1, 300 do local _ = ("x"):rep(8000) .. i end
for i = 1, 20 do if cache[i] == nil then escaped = true end end
while true do end

--- a closing variable: error
local t <close> = setmetatable({}, {__close = function() while true do end end})

--- a closing variable whose function comes later: error
local m = {}
local t = setmetatable({}, m)
m.__close = function() while true do end end
local c <close> = t

--- a closing value in a for loop: error
local m = {}
local t = setmetatable({}, m)
m.__close = function() escaped = true end
for _ in function() end, nil, nil, t do end

--- __index that loops: instructions
do return setmetatable({}, {__index = function() while true do end end}).x end

--- __newindex that loops: instructions
setmetatable({}, {__newindex = function() while true do end end}).x = 1

--- __call that loops: instructions
setmetatable({}, {__call = function() while true do end end})()

--- __eq, __lt, __le, __concat that loop: instructions
local function loop() while true do end end
local t = setmetatable({}, {__eq = loop, __lt = loop, __le = loop, __concat = loop})
n = (n or 0) % 4 + 1
if n == 1 then return t == setmetatable({}, {}) elseif n == 2 then return t < {} elseif n == 3 then return t <= {} end
do return t .. "x" end

--- __unm, __add, __idiv, __band, __shl, __bnot that loop: instructions
local function loop() while true do end end
local t = setmetatable({}, {__unm = loop, __add = loop, __idiv = loop, __band = loop, __shl = loop, __bnot = loop})
n = (n or 0) % 6 + 1
do return ({function() return -t end, function() return t + 1 end, function() return t // 1 end,
  function() return t & 1 end, function() return t << 1 end, function() return ~t end})[n]() end

--- __tostring and __pairs that loop: instructions
local function loop() while true do end end
local t = setmetatable({}, {__tostring = loop, __pairs = loop})
n = (n or 0) % 2 + 1
if n == 1 then return tostring(t) end
for _ in pairs(t) do end

--- __call that is a table, which is called through itself: error
local m = {}
local t = setmetatable({}, m)
m.__call = t
setmetatable(t, m)
t()

--- a long chain of __index tables: error
local t = {}
for _ = 1, 1900 do t = setmetatable({}, {__index = t}) end

--- a long chain of __index tables, built from its end: error
local tables = {}
for i = 1, 1900 do tables[i] = {} end
for i = 1, 1899 do setmetatable(tables[i], {__index = tables[i + 1]}) end

--- a long chain of __index tables, linked in the middle: error
local function chain()
  local t = {}
  local last = t
  for _ = 1, 10 do t = setmetatable({}, {__index = t}) end
  return t, last
end
local a, a_last = chain()
for _ = 1, 100 do
  local b, b_last = chain()
  setmetatable(a_last, {__index = b})
  a_last = b_last
end

--- a long chain of __index tables, linked after the fact: instructions
local metatables, tables = {}, {}
for i = 1, 400 do
  metatables[i] = {}
  tables[i] = setmetatable({}, metatables[i])
end
for i = 1, 399 do metatables[i].__index = tables[i + 1] end
tables[400].x = 1
escaped = tables[1].x
while true do local _ = tables[1].x end

--- a long chain of __newindex tables: error
local t = {}
for _ = 1, 1900 do t = setmetatable({}, {__newindex = t}) end

--- an __index loop: error
local a, b = {}, {}
setmetatable(a, {__index = b})
setmetatable(b, {__index = a})

--- a table that is its own __index: error
local t = {}
t.__index = t
setmetatable(t, t)
while true do local _ = t.x end

--- a protected metatable: error
local t = setmetatable({}, {__metatable = "no"})
setmetatable(t, {})

--- changing the metatable behind the seal: instructions
local m = {__index = {x = 1}}
local t = setmetatable({}, m)
getmetatable(t).__index = function() escaped = true end
local _ = t.y
while true do end
