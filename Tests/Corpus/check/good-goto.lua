-- clean
return function(call)
  local tries = 0
  ::again::
  local target = call:select(ANY, { timeout = 5 })
  if target then return target end
  tries = tries + 1
  if tries < 3 then goto again end
  return queue "9000"
end
