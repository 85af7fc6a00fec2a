-- outcome: error: rawget
return function(call)
  local x = rawget(string, "rep")
  return ANY
end
