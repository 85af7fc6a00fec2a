-- outcome: error: debug
return function(call)
  local x = debug.sethook()
  return ANY
end
