local t = setmetatable({}, { __index = function(t, k) return k .. k end, __len = function() return 1e9 end, __close = print }) do local c <close> = nil end return { t.x, #t, table.unpack({ 1, 2 }) }
