-- outcome: error: coroutine
return function(call)
  local x = coroutine.yield(1)
  return ANY
end
