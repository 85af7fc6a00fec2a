-- expect 3:8: error: the call has no method 'priorty', did you mean call:priority?
return function(call)
  call:priorty(5)
  return ANY
end
