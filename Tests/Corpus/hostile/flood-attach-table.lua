-- outcome: error: is a table
return function(call)
  call:attach { a = {} }
  return ANY
end
