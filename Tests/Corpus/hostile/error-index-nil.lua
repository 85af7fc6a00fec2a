-- outcome: error: attempt to index a nil value (local 'nothing')
return function(call)
  local nothing
  local x = nothing.field
  return ANY
end
