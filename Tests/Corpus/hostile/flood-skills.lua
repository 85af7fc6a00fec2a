-- outcome: error: skills is too long
return function(call)
  call:select(any { skills = ("sales and "):rep(1000) .. "sales" })
  return ANY
end
