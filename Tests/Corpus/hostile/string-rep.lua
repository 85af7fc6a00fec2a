-- outcome: error: string.rep: result too long
return function(call)
  local x = ("x"):rep(1e9)
  return ANY
end
