-- expect 3:20: error: unknown agent "1010", did you mean "1001"?
return function(call)
  call:route(agent "1010", { timeout = 5 })
  return ANY
end
