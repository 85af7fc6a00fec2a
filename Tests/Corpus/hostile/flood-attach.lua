-- outcome: steps
return function(call)
  local text = ("x"):rep(10000)
  while true do call:attach { a = text, b = text } end
  return ANY
end
