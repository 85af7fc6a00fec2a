-- outcome: target: ANY
return function(call)
  table.sort(string)
  return ANY
end
