-- outcome: target: ANY
return function(call)
  local ok = pcall(function() call:wait(1) error("x") end)
  assert(not ok)
  return ANY
end
