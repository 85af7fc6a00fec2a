-- outcome: instructions
return function(call)
  local t, k = { 1 }, nil
  repeat k = next(t, k) t[#t + 1] = k until not k
  return ANY
end
