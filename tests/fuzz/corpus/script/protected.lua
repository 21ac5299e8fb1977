local ok, e = pcall(error, { 1 }) local a, b = xpcall(function() while true do end end, function(m) return m end) return { ok, e, a, b }
