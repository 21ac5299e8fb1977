local t = {} for i = 1, 300 do t[i] = "k" .. i % 7 end table.sort(t) return { table.concat(t, ","), #t }
