-- outcome: error: xxxx
-- The text that is kept of an error has a maximum.
return function(call)
  error(("x"):rep(262000), 0)
  return ANY
end
