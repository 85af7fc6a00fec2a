-- outcome: error: rawset
return function(call)
  local x = rawset(string, "rep", nil)
  return ANY
end
