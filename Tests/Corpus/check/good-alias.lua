-- clean
return function(call)
  local q, d = queue, dn
  local c = call
  if c.ani == "1" then return d "7001" end
  return q "9000"
end
