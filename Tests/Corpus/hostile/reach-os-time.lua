-- outcome: error: os
return function(call)
  local x = os.time()
  return ANY
end
