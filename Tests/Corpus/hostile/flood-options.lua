-- outcome: error: does not know the option
return function(call)
  local options = {}
  for i = 1, 1000 do options["o" .. i] = i end
  call:select(ANY, options)
  return ANY
end
