-- outcome: error: field 'randomseed'
return function(call)
  math.randomseed(1)
  return ANY
end
