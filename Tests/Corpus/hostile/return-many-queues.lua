-- outcome: error: returned a table
return function(call)
  local t = {}
  for i = 1, 1000 do t[i] = queue "9000" end
  return t
end
