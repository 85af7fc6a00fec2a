-- outcome: error: collectgarbage
return function(call)
  local x = collectgarbage("stop")
  return ANY
end
