-- outcome: error: 1 to 256 bytes
return function(call)
  local x = dn(("7"):rep(100000))
  return ANY
end
