-- outcome: target: ANY
local @{20000*x} = 1
return function(call)
  assert(@{20000*x} == 1)
  return ANY
end
