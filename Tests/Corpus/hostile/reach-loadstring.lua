-- outcome: error: loadstring
return function(call)
  local x = loadstring("return 1")
  return ANY
end
