-- outcome: error: coroutine
return function(call)
  local x = coroutine.wrap(function() end)()
  return ANY
end
