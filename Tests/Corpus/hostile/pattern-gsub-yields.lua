-- outcome: error: nothing can be asked inside a function
return function(call)
  local x = ("a"):gsub("a", function() call:wait(1) end)
  return ANY
end
