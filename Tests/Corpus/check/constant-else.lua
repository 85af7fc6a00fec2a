-- expect 6:5: warning: this branch never runs: the condition is always true
return function(call)
  if true then
    return ANY
  else
    return queue "9000"
  end
end
