-- outcome: error: nil
return function(call)
  error()
  return ANY
end
