-- outcome: error: no module
return function(call)
  local x = require("os")
  return ANY
end
