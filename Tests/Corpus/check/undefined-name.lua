-- expect 3:10: error: undefined name 'ANT', did you mean 'ANY'?
return function(call)
  return ANT
end
