-- outcome: instructions
-- Each closure looks for its variable among all open ones.
return function(call)
  local shared = 0
  local function deep(n)
    local own = n
    local f = function() return own end
    if n == 0 then while true do local g = function() return shared end end end
    return deep(n - 1) + f()
  end
  deep(1000)
  return ANY
end
