-- outcome: error: require takes a name
return function(call)
  local x = require("../../etc/passwd")
  return ANY
end
