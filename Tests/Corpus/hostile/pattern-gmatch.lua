-- outcome: instructions
return function(call)
  for x in ("a"):rep(5000):gmatch("a-b") do end
  return ANY
end
