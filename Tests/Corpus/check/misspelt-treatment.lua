-- expect 3:16: error: call:treat has no treatment 'musik', did you mean 'music'?
return function(call)
  call:treat { musik = "hold" }
  return ANY
end
