-- outcome: target: ANY
return function(call)
  local n = 0
  for i in function() call:wait(1) n = n + 1 if n < 4 then return n end end do end
  assert(n == 4)
  return ANY
end
