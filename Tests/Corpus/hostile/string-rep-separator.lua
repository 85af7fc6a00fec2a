-- outcome: error: string.rep: result too long
return function(call)
  local x = ("x"):rep(100, ("y"):rep(200000))
  return ANY
end
