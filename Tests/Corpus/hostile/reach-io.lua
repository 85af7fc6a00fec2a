-- outcome: error: io
return function(call)
  local x = io.open("/etc/passwd")
  return ANY
end
