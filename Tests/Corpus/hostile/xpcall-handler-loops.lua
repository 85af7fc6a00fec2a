-- outcome: instructions
return function(call)
  while true do xpcall(error, function() while true do end end) end
  return ANY
end
