-- expect 2:8: error: a strategy must return a function, got a table without route
return { target = ANY }
