-- Wrong: while Bela is not logged in, nothing but the routing point's patience ends this wait.
return function(call)
  call:note("Bela knows this caller")
  local bela = call:select(agent "1002")
  call:route(bela)
  return queue "9000"
end
