-- outcome: target: ANY
-- pairs walks the keys that were there when it began.
return function(call)
  local t = { a = 1 }
  for k in pairs(t) do t[k .. "x"] = 1 end
  assert(t.ax and not t.axx)
  return ANY
end
