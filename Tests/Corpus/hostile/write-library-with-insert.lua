-- outcome: error: read-only
return function(call)
  table.insert(string, "x")
  return ANY
end
