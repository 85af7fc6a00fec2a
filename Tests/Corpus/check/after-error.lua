-- expect 5:5: warning: unreachable code
return function(call)
  if call.ani == "" then
    error("nobody calls")
    return reject(486)
  end
  return ANY
end
