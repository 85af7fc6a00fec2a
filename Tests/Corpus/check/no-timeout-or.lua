-- expect 3:51: warning: this never counts: call:select without a timeout waits until it has a targe
return function(call)
  return call:select(any { skills = "sales" }) or queue "9000"
end
