local n = 0 ::top:: n = n + 1 if n < 1e9 then goto top end return n
