-- outcome: target: ANY
return function(call)
  local ok, e = pcall(error, { code = 1 })
  assert(not ok and e.code == 1)
  return ANY
end
