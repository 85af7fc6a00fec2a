-- expect 4:10: error: undefined name 'tagret', did you mean 'target'?
return function(call)
  local target = agent "1001"
  return tagret
end
