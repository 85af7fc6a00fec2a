-- expect 3:10: warning: local 'call' hides the call of the strategy: give it another name
return function(call)
  for _, call in ipairs { "first", "second" } do
    if call == "third" then return reject(486) end
  end
  return ANY
end
