-- outcome: instructions
return function(call)
  ("a"):gsub("a", function() while true do end end)
  return ANY
end
