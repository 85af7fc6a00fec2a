-- expect 2:8: error: a strategy must return a function, got a table (modules belong below lib/)
return { target = ANY }
