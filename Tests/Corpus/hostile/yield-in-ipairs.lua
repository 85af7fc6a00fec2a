-- outcome: error: nothing can be asked inside a function
return function(call)
  local t = setmetatable({}, { __index = function(_, i)
    call:wait(1)
    if i < 3 then return i end
  end })
  local n = 0
  for _ in ipairs(t) do n = n + 1 end
  assert(n == 2)
  return ANY
end
