-- outcome: error: string.rep: result too long
return function(call)
  local x = ("xx"):rep(math.maxinteger)
  return ANY
end
