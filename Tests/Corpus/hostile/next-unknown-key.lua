-- outcome: target: ANY
return function(call)
  assert(next({ a = 1, b = 2 }, "aa") == "b")
  return ANY
end
