-- outcome: error: index is nil
return function(call)
  local t = {}
  t[nil] = 1
  return ANY
end
