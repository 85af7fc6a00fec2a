-- expect 4:3: warning: unreachable code: call:route(queue "9000") does not come back
return function(call)
  call:route(queue "9000")
  call:note("the queue did not take the call")
  return ANY
end
