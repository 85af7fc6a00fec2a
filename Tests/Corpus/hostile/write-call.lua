-- outcome: error: cannot be set
return function(call)
  call.ani = "1"
  return ANY
end
