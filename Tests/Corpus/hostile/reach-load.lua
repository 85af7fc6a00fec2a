-- outcome: error: load
return function(call)
  local x = load("return 1")
  return ANY
end
