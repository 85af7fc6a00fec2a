-- outcome: error: index is NaN
return function(call)
  local t = {}
  t[0 / 0] = 1
  return ANY
end
