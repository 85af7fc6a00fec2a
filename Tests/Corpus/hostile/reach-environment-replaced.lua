-- outcome: target: ANY
return function(call)
  local real = ANY
  local _ENV = { ANY = real }
  stray = 1
  assert_ = nil
  return ANY
end
