-- outcome: error: __close
return function(call)
  do local c <close> = setmetatable({}, { __close = function() end }) end
  return ANY
end
