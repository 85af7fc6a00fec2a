-- outcome: error: field 'dump'
return function(call)
  local x = string.dump(function() end)
  return ANY
end
