-- outcome: instructions
return function(call)
  while true do local_time("UTC") end
end
