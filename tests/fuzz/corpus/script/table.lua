return { a = 1, b = { 1, 2.5, "x\n\0y", true }, ["c d"] = -1/0, [1] = nil }
