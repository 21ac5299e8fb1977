return { ("ab"):rep(3, "-"), string.format("%5.2f %s %q", 1.5, {}, "x"), math.tointeger(3.0), table.move({ 1, 2, 3 }, 2, 3, 1), select("#", table.unpack({}, 1, 5)), tonumber("0x1p4") }
