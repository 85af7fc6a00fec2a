-- outcome: target: ANY
return function(call)
  local n = call.attempts
  if n == -1 then return nil@{150* elseif n == -# then return nil} end
  return ANY
end
