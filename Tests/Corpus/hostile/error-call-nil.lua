-- outcome: error: attempt to call a nil value
return function(call)
  local nothing
  nothing()
  return ANY
end
