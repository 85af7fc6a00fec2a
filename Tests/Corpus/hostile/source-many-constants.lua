-- outcome: target: ANY
local t = { 0@{5000*, "k#"} }
return function(call)
  assert(#t == 5001)
  return ANY
end
