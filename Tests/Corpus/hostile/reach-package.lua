-- outcome: error: package
return function(call)
  local x = package.loaded
  return ANY
end
