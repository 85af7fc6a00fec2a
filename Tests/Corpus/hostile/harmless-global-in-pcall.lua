-- outcome: target: ANY
return function(call)
  local ok = pcall(function() x = 1 end)
  assert(not ok)
  return ANY
end
