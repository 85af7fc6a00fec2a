-- outcome: target: ANY
return function(call)
  local n = 0@{5000* + 1}
  assert(n == 5000)
  return ANY
end
