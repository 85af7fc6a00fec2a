-- outcome: error: debug
return function(call)
  local x = debug.getregistry()
  return ANY
end
