-- outcome: error: read-only
return function(call)
  math.pi = 3
  return ANY
end
