-- Bombs in the functions for tables. See loops.lua for how to read this.

--- sort with a comparison that loops: instructions
table.sort({3, 2, 1}, function() while true do end end)

--- sort with a comparison that makes no sense: fine
local t = {}
for i = 1, 300 do t[i] = i end
table.sort(t, function() return true end)
table.sort(t, function(a, b) t[1] = nil return a < b end)

--- sort in a loop: instructions
local t = {}
for i = 1, 1000 do t[i] = i end
while true do table.sort(t) end

--- sort of what grows while it is sorted: fine
local t = {3, 2, 1}
table.sort(t, function(a, b) t[#t + 1] = 0 return a < b end)

--- move over a very long way: instructions
table.move({}, 1, 1e15 // 1 | 0, 2)

--- move over everything there is: instructions
table.move({}, math.mininteger, math.maxinteger, 1)

--- move past the end of the integers: error
table.move({1, 2}, 1, 2, math.maxinteger)

--- unpack of very much: limit
do return table.unpack({}, 1, 1e8 // 1 | 0) end

--- unpack of more than fits: error
do return table.unpack({}, 1, 20000) end

--- unpack of everything there is: instructions
do return table.unpack({}, math.mininteger, math.maxinteger) end

--- insert at the front in a loop: instructions
local t = {}
for i = 1, 1000 do t[i] = i end
while true do table.insert(t, 1, 0) table.remove(t, 1) end

--- a length that lies: fine
local t = setmetatable({}, {__len = function() return 1e18 // 1 | 0 end, __index = function() return 1 end})
table.insert(t, 5)
table.remove(t)
table.concat(t)
table.sort(t)
table.unpack(t)

--- pairs over a big table in a loop: instructions
local t = {}
for i = 1, 400 do t["k" .. i] = i end
while true do for _ in pairs(t) do end end

--- pairs over a table of nothing in a loop: instructions
local t = {}
for i = 1, 16000 do t[i] = i end
for i = 16000, 2, -1 do t[i] = nil end
while true do for _ in pairs(t) do end end

--- next over a big table in a loop: instructions
local t = {}
for i = 1, 400 do t["k" .. i] = i end
for _ in next, t do end
while true do end

--- pairs over long keys that differ at their ends: limit
big = big or {}
for i = 1, 200 do big[("x"):rep(8000) .. i] = i end
while true do for _ in pairs(big) do end end

--- pairs over objects: error
for _ in pairs({[{}] = 1, [function() end] = 2}) do end

--- pairs over a table that is changed on the way: fine
local t = {}
for i = 1, 100 do t["k" .. i] = i end
for k in pairs(t) do
  t[k] = nil
  t["new " .. k] = 1
end

--- select of very many: limit
local function f(n, ...) if n == 0 then while true do local _ = select(-1, ...) end end return f(n - 1, 1, 2, 3, 4, ...) end
f(1000)

--- a table that fills the memory: limit
all = all or {}
while true do all[#all + 1] = {} end

--- a table that fills the memory with numbers: memory
local t = {}
for i = 1, 1e6 do t[i] = i end

--- a table with more keys than may be: memory
local t = {}
for i = 1, 1e6 do t[i * 1.5] = i end

--- tables inside each other: limit
nested = nested or {}
while true do nested = {nested} end

--- refused memory that is caught again and again: instructions
while true do pcall(function() local s = ("x"):rep(8000) return s .. s end) end

--- refused memory in a full room: limit
all = all or {}
pcall(function() while true do all[#all + 1] = {} end end)
while true do pcall(function() local s = ("x"):rep(8000) return s .. s end) end

--- keys that all fall into one chain: limit
-- Whole numbers are hashed by their remainder: these all collide, at every size of the table.
local m = 1
for k = 4, 9 do m = m * ((1 << k) - 1) end
chained = chained or {}
count = count or 0
while true do
  count = count + 1
  chained[count * m * 1023 & math.maxinteger] = count
end

--- keys that all fall into one chain, looked for: instructions
local t = {}
for i = 1, 500 do t[i * 1023 * 511] = i end
while true do local _ = t[501 * 1023 * 511] end

--- keys that all fall into one chain, moved again and again: limit
local t = {}
local step = 1023 * 511
for i = 1, 1000 do t[i * step] = i end
local i = 1000
while true do
  i = i + 1
  t[(i - 1000) * step] = nil
  t[i * step] = i
end

--- a room full of tables that are all touched all the time: limit
all = all or {}
if #all < 15000 then for _ = 1, 4000 do all[#all + 1] = {} end end
while true do for i = 1, #all do all[i].x = nil end end

--- garbage as fast as can be: instructions
while true do local a, b, c, d = {}, {}, {}, {} end
