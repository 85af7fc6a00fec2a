-- clean
return function(call)
  call:route(queue "9001")
  call:note("the queue is full")
  return queue "9000"
end
