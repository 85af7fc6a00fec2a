-- outcome: error: dofile
return function(call)
  local x = dofile("/etc/passwd")
  return ANY
end
