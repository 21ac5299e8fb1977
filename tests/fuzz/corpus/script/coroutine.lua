local f = coroutine.wrap(function(a) local b = coroutine.yield(a) error(b) end) return f(1), pcall(f, 2)
