-- Scripts that want out, or at another plugin. See loops.lua for how to read this.

--- what is not there: fine
for _, name in ipairs({"io", "os", "debug", "package", "require", "load", "loadstring", "loadfile", "dofile",
  "collectgarbage", "print", "warn"}) do
  if _ENV[name] ~= nil then escaped = name end
end
for _, name in ipairs({"dump", "pack", "unpack", "packsize"}) do if string[name] ~= nil then escaped = name end end
for _, name in ipairs({"random", "randomseed", "sin", "cos", "tan", "exp", "log"}) do
  if math[name] ~= nil then escaped = name end
end

--- other globals through the string metatable: fine
if getmetatable("") ~= false then escaped = true end
if pcall(setmetatable, "", {}) then escaped = true end

--- writing into the string library: error
string.format = function() return "evil" end

--- writing into the string library by rawset: error
rawset(string, "format", nil)

--- writing into the table library by the table library: error
table.insert(table, 1, "evil")

--- sorting, moving and removing in a library: error
n = (n or 0) % 3 + 1
if n == 1 then table.sort(math) elseif n == 2 then table.move({1}, 1, 1, 1, utf8) else table.remove(coroutine) end

--- another metatable for a library: error
setmetatable(string, {__index = function() return "evil" end})

--- another metatable for the globals: error
setmetatable(_G, {__index = function() return "evil" end})

--- the library behind the globals: fine
if getmetatable(_G) ~= false or getmetatable(_ENV) ~= false then escaped = true end
_G.tostring = function() return "evil" end
rawset(_G, "pairs", function() return "evil" end)

--- other globals for a function: fine
local _ENV = {}
tostring = 1

--- notes that others left in a table: fine
local m = {__index = {}}
setmetatable({}, m)
local count = 0
for k, v in pairs(m) do count = count + 1 end
for k, v in next, m do count = count + 1 end
for k, v in pairs(m.__index) do count = count + 1 end
if count ~= 2 then escaped = true end

--- addresses: fine
local function hex(s) return s:find("0x") or s:find("%x%x%x%x%x%x") end
for _, value in ipairs({{}, function() end, coroutine.create(function() end), string.format, string, _G}) do
  if hex(tostring(value)) or hex(("%s"):format(value)) then escaped = true end
end
local _, message = pcall(function() return {} .. {} end)
if hex(message) then escaped = true end

--- bytecode by the back door: fine
if string.dump or load then escaped = true end
local ok = pcall(function() return ("\27Lua"):rep(2)() end)
if ok then escaped = true end

--- the registry through upvalues and environments: fine
if debug or (getfenv or setfenv) then escaped = true end
