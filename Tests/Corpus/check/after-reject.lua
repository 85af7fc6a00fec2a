-- expect 5:5: warning: unreachable code: call:route(reject(486)) does not come back
return function(call)
  if call.ani == "" then
    call:route(reject(486))
    call:note("refused")
  end
  return ANY
end
