-- Bombs in the functions for text. See loops.lua for how to read this.

--- a pattern that backtracks: instructions
do return ("a"):rep(8000):find(".-.-.-b") end

--- a pattern with many stars: instructions
do return ("a"):rep(2000):match("a*a*a*a*a*b") end

--- a pattern with optional parts: instructions
do return ("a"):rep(60):find(("a?"):rep(60) .. ("a"):rep(60)) end

--- a pattern that recurses as deep as it can: error
do return ("a"):rep(1000):find(("a?"):rep(1000) .. "b") end

--- a pattern with sets as long as can be: instructions
do return ("a"):rep(4000):find("[" .. ("b"):rep(4000) .. "]") end

--- a balance that never balances: instructions
do return ("("):rep(8000):find("%b()") end

--- a back reference to something long: instructions
do return ("a"):rep(8000):find("(a*)%1b") end

--- a plain search that nearly fits everywhere: instructions
local s = ("a"):rep(8000)
while true do local _ = s:find(("a"):rep(4000) .. "b", 1, true) end

--- gsub that replaces nothing everywhere: instructions
while true do local _ = ("x"):rep(4000):gsub("", "y") end

--- gsub that grows: error
local s = ("x"):rep(8000)
do return (s:gsub("x", s)) end

--- gsub with a function that loops: instructions
do return (("x"):gsub("x", function() while true do end end)) end

--- gsub with a table that loops: instructions
do return (("x"):gsub("x", setmetatable({}, {__index = function() while true do end end}))) end

--- gmatch for ever: instructions
while true do for _ in ("x"):rep(8000):gmatch("()") do end end

--- gmatch that backtracks at every place: instructions
for _ in ("a"):rep(8000):gmatch("a-b") do end

--- malformed patterns: error
n = (n or 0) % 6 + 1
do return ("x"):find(({"[x", "%", "(x", "x)", "%b", "%f"})[n]) end

--- rep of a lot: error
do return ("x"):rep(1e9 // 1 | 0) end

--- rep of nothing, very often: fine
do return (""):rep(math.maxinteger) end

--- rep in a loop: instructions
while true do local _ = ("x"):rep(8000) end

--- doubling a text: memory
local s = "x"
while true do s = s .. s end

--- putting very many texts together at once: memory
local s = ("x"):rep(8000)
local t = s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s

--- putting numbers together all the time: instructions
local f = 1e300
while true do local _ = f..f..f..f..f..f end

--- putting many numbers together at once: instructions
local f = 1e300
while true do local _ = f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f..f end

--- concat of numbers: instructions
local t = {}
for i = 1, 1000 do t[i] = 1e300 end
while true do local _ = table.concat(t, "", 1, 999) end

--- format with wide numbers: instructions
while true do local _ = ("%99.99f"):format(1e308) end

--- format with very many directives: error
do return (("%99d"):rep(1000)):format(table.unpack({}, 1, 999)) end

--- format that grows: error
local s = ("x"):rep(8000)
do return ("%s%s%s"):format(s, s, s) end

--- format that asks for an address: error
do return ("%p"):format({}) end

--- concat of a lot: error
local t = {}
for i = 1, 1000 do t[i] = ("x"):rep(100) end
do return table.concat(t) end

--- concat in a loop: instructions
local t = {}
for i = 1, 1000 do t[i] = "x" end
while true do local _ = table.concat(t) end

--- comparing long texts: instructions
local a, b = ("x"):rep(8000) .. "a", ("x"):rep(8000) .. "b"
while true do local _ = a < b end

--- comparing texts of nothing but NULs: instructions
local a, b = ("\0"):rep(8000) .. "a", ("\0"):rep(8000) .. "b"
while true do local _ = a < b end

--- sorting texts of nothing but NULs: instructions
local t = {}
for i = 1, 100 do t[i] = ("\0"):rep(8000) .. i end
table.sort(t)
while true do table.sort(t) end

--- comparing long texts for being equal: instructions
local a, b = ("x"):rep(8000) .. "a", ("x"):rep(8000) .. "b"
while true do local _ = a == b end

--- turning long texts into numbers: instructions
local s = ("9"):rep(8000)
while true do local _ = tonumber(s) end

--- turning long texts into numbers where a number is expected: limit
local s, h = ("9"):rep(8000), "0x" .. ("f"):rep(8000)
while true do local _ = math.floor(s) pcall(math.floor, h) end

--- a long text as the limit of a loop: limit
local s = "0." .. ("0"):rep(8000)
while true do for _ = 1, s do end end

--- upper, lower, reverse in a loop: instructions
local s = ("x"):rep(8000)
while true do local _ = s:upper():lower():reverse() end

--- all the bytes of a text: error
do return (("x"):rep(8000)):byte(1, -1) end

--- utf8 over long texts: instructions
local s = ("é"):rep(4000)
while true do local _ = utf8.len(s) end

--- utf8 over bytes that only continue: limit
local s = ("\x80"):rep(8000)
while true do pcall(function() for _ in utf8.codes(s) do end end) pcall(utf8.offset, s, 1, 2) end

--- a length that is no length: error
do return ("x"):rep(-1):rep(math.mininteger):sub(math.mininteger, math.maxinteger):byte(math.huge) end
