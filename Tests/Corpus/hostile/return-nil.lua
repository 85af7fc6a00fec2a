-- outcome: target: none
return function(call)
  return nil
end
