-- outcome: error: field 'pack'
return function(call)
  local x = string.pack("s8", ("x"):rep(100))
  return ANY
end
