-- outcome: error: needs ':'
return function(call)
  call.wait(ANY, 1)
  return ANY
end
