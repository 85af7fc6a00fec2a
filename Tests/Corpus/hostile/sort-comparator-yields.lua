-- outcome: error: nothing can be asked inside a function
return function(call)
  table.sort({ 2, 1 }, function() call:wait(1) end)
  return ANY
end
