-- outcome: instructions
return function(call)
  local x = table.concat({}, ("x"):rep(1000), 1, 1e8)
  return ANY
end
