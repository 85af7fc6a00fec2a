-- expect 3:6: warning: this branch never runs: the condition is always false
return function(call)
  if "1" == 1 then return dn "7001" end
  return ANY
end
