-- expect 2:23: error: unknown module "lib.hour", did you mean "lib.hours"?
local hours = require "lib.hour"

return function(call)
  if hours.open(call.now) then return ANY end
  return reject(480)
end
