-- Offers a call back when the wait is long; whoever accepts keeps his place in line.
--
-- He hangs up, and the line moves on without him. When he is called back (the dialler connects
-- him to this routing point, with his number as the caller's) or calls again himself, he stands
-- where he stood.
local LONG = 120       -- seconds of waiting that are worth an offer
local KEPT = 4 * 3600  -- how long a place is kept

return function(call)
  -- A caller without a number can neither be called back nor be recognised.
  if call.ani == "" then return queue "9000" end

  if call:take_place(call.ani) then
    call:note("back in his old place")
    return queue "9000"
  end

  if queues["9000"].expected_wait < LONG then return queue "9000" end

  local offer = { digits = 1, timeout = 8, announce = "callback_offer" }
  if call:treat { collect = offer } ~= "1" then return queue "9000" end

  call:keep_place(call.ani, KEPT)
  call:attach { callback = call.ani } -- what the dialler looks for in the events
  call:treat { announce = "callback_promised" }
  return reject(480)
end
