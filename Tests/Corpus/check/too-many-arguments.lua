-- expect 3:16: error: call:wait takes 1 argument, got 2
return function(call)
  call:wait(1, 2)
  return ANY
end
