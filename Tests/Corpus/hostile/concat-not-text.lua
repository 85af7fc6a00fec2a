-- outcome: error: invalid value (table) at index 2
return function(call)
  local x = table.concat({ "a", {}, "b" })
  return ANY
end
