-- clean
local hours = require "lib.hours"

return function(call)
  if not hours.open(call.now) then return reject(480) end
  if queues["9100"].waiting > 20 or queues["9000"].expected_wait > 120 then
    error("too many")
  end
  return ANY
end
