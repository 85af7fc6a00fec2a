-- outcome: target: ANY
return function(call)
  local s = ("\0"):rep(1000)
  assert(#s:match("^\0*$") == 1000)
  return ANY
end
