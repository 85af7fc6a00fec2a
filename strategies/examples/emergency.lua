-- An emergency closes the line at once: somebody edits data/emergency.json and saves it.
--
-- The file is part of the generation: saving it makes a new one, which is checked and then takes
-- over in one step. A file with a mistake changes nothing, so nobody closes the line by a typing
-- error. Calls that are waiting stay; the next one is turned away.
local usual_way = require "language"

return function(call)
  local flag = table_lookup("emergency", call.routing_point) or table_lookup("emergency", "all")
  if not (flag and flag.closed) then return usual_way(call) end

  -- Who edits the file is in a hurry: nothing but `closed` is needed.
  call:note("emergency: " .. (flag.reason or "no reason given"))
  call:treat { announce = flag.announcement or "emergency" }
  if flag.voicemail then call:route(dn "voicemail") end -- comes back only when it failed
  return reject(503)
end
