-- outcome: target: dn 7001
return function(call)
  pcall(error, ("x"):rep(200000))
  return dn "7001"
end
