-- outcome: error: coroutine
return function(call)
  local x = coroutine.create(function() end)
  return ANY
end
