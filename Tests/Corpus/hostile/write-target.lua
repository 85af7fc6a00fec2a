-- outcome: error: a target cannot be changed
return function(call)
  ANY.name = "x"
  return ANY
end
