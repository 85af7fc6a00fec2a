-- outcome: error: no new globals: write 'local x'
return function(call)
  x = 1
  return ANY
end
