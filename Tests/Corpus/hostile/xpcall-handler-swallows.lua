-- outcome: instructions
return function(call)
  xpcall(function() while true do end end, function() return 1 end)
  return ANY
end
