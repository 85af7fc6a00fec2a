-- expect 4:16: error: unknown queue "900", did you mean "9000"?
return function(call)
  call:select(ANY, { timeout = 5 })
  return queue "900"
end
